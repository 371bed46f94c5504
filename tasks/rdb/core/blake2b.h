/* BLAKE2b with 16 bytes of output and no key (RFC 7693). */
#ifndef REDIS_DR_BLAKE2B_H
#define REDIS_DR_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t h[8];
    uint64_t count; /* bytes that were compressed; 2^64 of them never come */
    uint8_t block[128];
    size_t held;
} blake2b;

static const uint64_t B2_IV[8] = {
    0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
    0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL};

static inline uint64_t load64(const uint8_t *p) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
#else
    uint64_t w = 0;
    for (int i = 7; i >= 0; i--) w = w << 8 | p[i];
    return w;
#endif
}

static inline void store64(uint8_t *p, uint64_t w) {
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(w >> 8 * i);
}

static inline uint64_t b2_rotr(uint64_t w, int n) { return w >> n | w << (64 - n); }

#define B2_G(a, b, c, d, x, y)      \
    a += b + (x);                   \
    d = b2_rotr(d ^ a, 32);         \
    c += d;                         \
    b = b2_rotr(b ^ c, 24);         \
    a += b + (y);                   \
    d = b2_rotr(d ^ a, 16);         \
    c += d;                         \
    b = b2_rotr(b ^ c, 63);
#define B2_ROUND(a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q) \
    B2_G(v0, v4, v8, v12, m[a], m[b])                            \
    B2_G(v1, v5, v9, v13, m[c], m[d])                            \
    B2_G(v2, v6, v10, v14, m[e], m[f])                           \
    B2_G(v3, v7, v11, v15, m[g], m[h])                           \
    B2_G(v0, v5, v10, v15, m[i], m[j])                           \
    B2_G(v1, v6, v11, v12, m[k], m[l])                           \
    B2_G(v2, v7, v8, v13, m[n], m[o])                            \
    B2_G(v3, v4, v9, v14, m[p], m[q])

static void b2_compress(blake2b *s, const uint8_t *block, uint64_t last) {
    uint64_t m[16];
    for (int i = 0; i < 16; i++) m[i] = load64(block + 8 * i);
    uint64_t v0 = s->h[0], v1 = s->h[1], v2 = s->h[2], v3 = s->h[3];
    uint64_t v4 = s->h[4], v5 = s->h[5], v6 = s->h[6], v7 = s->h[7];
    uint64_t v8 = B2_IV[0], v9 = B2_IV[1], v10 = B2_IV[2], v11 = B2_IV[3];
    uint64_t v12 = B2_IV[4] ^ s->count, v13 = B2_IV[5], v14 = B2_IV[6] ^ last, v15 = B2_IV[7];
    B2_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    B2_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
    B2_ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4)
    B2_ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8)
    B2_ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13)
    B2_ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9)
    B2_ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11)
    B2_ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10)
    B2_ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5)
    B2_ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0)
    B2_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    B2_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
    s->h[0] ^= v0 ^ v8, s->h[1] ^= v1 ^ v9, s->h[2] ^= v2 ^ v10, s->h[3] ^= v3 ^ v11;
    s->h[4] ^= v4 ^ v12, s->h[5] ^= v5 ^ v13, s->h[6] ^= v6 ^ v14, s->h[7] ^= v7 ^ v15;
}

static inline void b2_init(blake2b *s) {
    memcpy(s->h, B2_IV, sizeof s->h);
    s->h[0] ^= 0x01010000 ^ 16;
    s->count = 0;
    s->held = 0;
}

static void b2_update(blake2b *s, const uint8_t *data, size_t size) {
    if (s->held + size <= 128) { /* the last block is kept: it is compressed as the last */
        memcpy(s->block + s->held, data, size);
        s->held += size;
        return;
    }
    size_t part = 128 - s->held;
    memcpy(s->block + s->held, data, part);
    s->count += 128;
    b2_compress(s, s->block, 0);
    data += part, size -= part;
    for (; size > 128; data += 128, size -= 128) {
        s->count += 128;
        b2_compress(s, data, 0);
    }
    memcpy(s->block, data, size);
    s->held = size;
}

static void b2_final(blake2b *s, uint64_t out[2]) {
    memset(s->block + s->held, 0, 128 - s->held);
    s->count += s->held;
    b2_compress(s, s->block, ~0ULL);
    out[0] = s->h[0], out[1] = s->h[1]; /* as numbers, whatever the byte order */
}

#endif
