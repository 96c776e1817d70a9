/** TypeScript in colours: comments, texts, numbers and the language's own words. */
import { html } from "./html";

const KEYWORDS =
  "as|async|await|break|case|class|const|continue|default|delete|else|export|extends|finally|for|from|function|if|" +
  "implements|import|in|instanceof|interface|let|new|null|of|private|readonly|return|satisfies|static|super|switch|" +
  "this|throw|true|false|try|type|typeof|undefined|void|while|yield";

const TOKENS = new RegExp(
  [
    String.raw`(?<comment>/\*[\s\S]*?\*/|//[^\n]*)`,
    String.raw`(?<text>"(?:[^"\\\n]|\\.)*"|` + "`(?:[^`\\\\]|\\\\.)*`)",
    String.raw`(?<keyword>\b(?:${KEYWORDS})\b)`,
    String.raw`(?<number>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)`,
  ].join("|"),
  "g",
);

export function highlight(code: string): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const match of code.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [""];
    nodes.push(document.createTextNode(code.slice(end, match.index)), html("span", { class: `lab-code-${kind}` }, match[0]));
    end = match.index + match[0].length;
  }
  return [...nodes, document.createTextNode(code.slice(end))];
}
