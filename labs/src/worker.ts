import { startTensorFlow } from "./tensorflow";
import { denseLab } from "../dense";
import { train } from "./training";
self.onmessage = async () => { await startTensorFlow("./"); for (const p of train(denseLab({}))) self.postMessage(p); };
