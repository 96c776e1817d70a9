/* A yardstick for the engine's matrix product: the same loop, tiles of 4 x 8 sums in 128-bit registers, in C.
 *
 *   gcc -O3 -msse4.1 benchmarks/matmul.c -o matmul && ./matmul 64 64 64 32 128 64
 *
 * For each three numbers m, k, n it prints the billions of multiplications and additions a second of c = a b
 * at its best: a (m, k), b (k, n), n a multiple of 8 and m of 4.
 */
#include <smmintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void matmul(const float *a, const float *b, float *c, int m, int k, int n) {
  for (int i = 0; i < m; i += 4) {
    for (int j = 0; j < n; j += 8) {
      __m128 c00 = _mm_setzero_ps(), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      const float *a0 = a + i * k, *a1 = a0 + k, *a2 = a1 + k, *a3 = a2 + k, *right = b + j;
      for (int p = 0; p < k; p++, right += n) {
        const __m128 b0 = _mm_loadu_ps(right), b1 = _mm_loadu_ps(right + 4);
        __m128 s = _mm_set1_ps(a0[p]);
        c00 = _mm_add_ps(c00, _mm_mul_ps(s, b0));
        c01 = _mm_add_ps(c01, _mm_mul_ps(s, b1));
        s = _mm_set1_ps(a1[p]);
        c10 = _mm_add_ps(c10, _mm_mul_ps(s, b0));
        c11 = _mm_add_ps(c11, _mm_mul_ps(s, b1));
        s = _mm_set1_ps(a2[p]);
        c20 = _mm_add_ps(c20, _mm_mul_ps(s, b0));
        c21 = _mm_add_ps(c21, _mm_mul_ps(s, b1));
        s = _mm_set1_ps(a3[p]);
        c30 = _mm_add_ps(c30, _mm_mul_ps(s, b0));
        c31 = _mm_add_ps(c31, _mm_mul_ps(s, b1));
      }
      float *to = c + i * n + j;
      _mm_storeu_ps(to, c00), _mm_storeu_ps(to + 4, c01);
      _mm_storeu_ps(to + n, c10), _mm_storeu_ps(to + n + 4, c11);
      _mm_storeu_ps(to + 2 * n, c20), _mm_storeu_ps(to + 2 * n + 4, c21);
      _mm_storeu_ps(to + 3 * n, c30), _mm_storeu_ps(to + 3 * n + 4, c31);
    }
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/* As much as lies side by side in the engine's memory: n numbers, drawn without a library. */
static float *drawn(int n) {
  float *values = malloc(sizeof(float) * n);
  for (int i = 0; i < n; i++) values[i] = (float)((i * 7919) % 2003) / 2003 - 0.5f;
  return values;
}

int main(int count, char **words) {
  for (int i = 1; i + 2 < count; i += 3) {
    const int m = atoi(words[i]), k = atoi(words[i + 1]), n = atoi(words[i + 2]);
    float *a = drawn(m * k), *b = drawn(k * n), *c = drawn(m * n);
    const double operations = 2.0 * m * k * n;
    const int repeats = 1 + (int)(2e6 / operations); /* some hundred microseconds: too short to be interrupted often */
    double best = 1e9;
    volatile float kept = 0;
    for (double end = seconds() + 0.5; seconds() < end;) {
      const double start = seconds();
      for (int r = 0; r < repeats; r++) matmul(a, b, c, m, k, n);
      const double taken = (seconds() - start) / repeats;
      kept += c[m * n / 2];
      if (taken < best) best = taken;
    }
    printf("%d %d %d %.3f\n", m, k, n, operations / best / 1e9);
    free(a), free(b), free(c);
  }
}
