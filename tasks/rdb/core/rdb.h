/* Reads keys that lie whole in a buffer, and digests them: tasks/rdb/scan and tasks/rdb/value in C.
 *
 * The bytes are hostile. Each is read through `need`; nothing is written but into buffers whose size
 * was checked. Nothing is decided about damage: what is unusual, wrong or cut off gives ODD or
 * SHORT, and the Python code, which finds the words, reads that key. No Python is used here. */
#ifndef REDIS_DR_RDB_H
#define REDIS_DR_RDB_H

#include <stdlib.h>

#include "blake2b.h"

enum { GOOD = 0, ODD = -1, SHORT = -2 }; /* SHORT: the buffer ends inside the key */

#define TRY(call)                    \
    do {                             \
        int status_ = (call);        \
        if (status_ != GOOD) return status_; \
    } while (0)

enum { MOST_NAMES = 1 << 18, LARGE = 4 << 20, HELD = 32 << 20, REPEATED = 128 };

typedef struct {
    const uint8_t *p, *end;
    int ends; /* what it means when the bytes end: SHORT for the file, ODD inside a value */
} cursor;

typedef struct {
    const uint8_t *p; /* NULL: in `digits` */
    size_t n;
    int64_t number;
    int is_number;
    char digits[24];
} text;

typedef struct { /* memory that is used again for each key */
    uint8_t *plain[2]; /* unpacked LZF */
    size_t room[2];
    uint64_t *seen; /* hashes of names, 0: free */
    size_t slots;
    text *names; /* of a stream node */
    size_t names_room;
    uint64_t seed;
} scratch;

typedef struct {
    int kind; /* as rdb.TYPES: 256 and 257 are strings in other forms */
    text key;
    int expires, has_heat;
    int64_t expire, heat;
    size_t start, record, end; /* offsets in the buffer */
    uint64_t digest[2];
} keyrow;

static inline const uint8_t *bytes_of(const text *t) {
    return t->p ? t->p : (const uint8_t *)t->digits;
}

static inline int need(const cursor *c, uint64_t n) {
    return (uint64_t)(c->end - c->p) >= n ? GOOD : c->ends;
}

static void set_number(text *t, int64_t number) {
    char reversed[24];
    int at = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do reversed[at++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0) reversed[at++] = '-';
    t->p = NULL, t->n = (size_t)at, t->number = number, t->is_number = 1;
    for (int i = 0; i < at; i++) t->digits[i] = reversed[at - 1 - i];
}

static int64_t signed_le(const uint8_t *p, int width) {
    uint64_t value = 0;
    for (int i = width - 1; i >= 0; i--) value = value << 8 | p[i];
    if (width < 8 && value >> (8 * width - 1)) value |= ~0ULL << 8 * width;
    return (int64_t)value;
}

/* ---- lengths and strings of the file ---- */

static int get_head(cursor *c, uint64_t *value, int *special) {
    TRY(need(c, 1));
    uint8_t first = *c->p++;
    *special = 0;
    switch (first >> 6) {
    case 0: *value = first; return GOOD;
    case 1:
        TRY(need(c, 1));
        *value = (uint64_t)(first & 63) << 8 | *c->p++;
        return GOOD;
    case 3: *value = first & 63, *special = 1; return GOOD;
    }
    if (first != 0x80 && first != 0x81) return ODD;
    int width = first == 0x80 ? 4 : 8;
    TRY(need(c, (uint64_t)width));
    *value = 0;
    for (int i = 0; i < width; i++) *value = *value << 8 | *c->p++;
    return GOOD;
}

static int get_length(cursor *c, uint64_t *value) {
    int special;
    TRY(get_head(c, value, &special));
    return special ? ODD : GOOD;
}

static int lzf_lengths(cursor *c, uint64_t *packed, uint64_t *plain) {
    TRY(get_length(c, packed));
    TRY(get_length(c, plain));
    /* the product cannot overflow: what is packed lies in the buffer */
    TRY(need(c, *packed));
    return *packed && *packed <= *plain && *plain <= *packed * 88 ? GOOD : ODD;
}

static int lzf_unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size) {
    const uint8_t *end = in + in_size;
    size_t at = 0;
    while (in < end) {
        size_t control = *in++;
        if (control < 32) {
            size_t run = control + 1;
            if ((size_t)(end - in) < run || out_size - at < run) return ODD;
            memcpy(out + at, in, run);
            in += run, at += run;
            continue;
        }
        size_t run = control >> 5;
        if (run == 7) {
            if (in >= end) return ODD;
            run += *in++;
        }
        run += 2;
        if (in >= end) return ODD;
        size_t back = ((control & 31) << 8 | *in++) + 1;
        if (back > at || out_size - at < run) return ODD;
        for (size_t i = 0; i < run; i++, at++) out[at] = out[at - back]; /* may overlap */
    }
    return at == out_size ? GOOD : ODD;
}

static int get_string(cursor *c, scratch *s, int which, text *t) {
    uint64_t value;
    int special;
    TRY(get_head(c, &value, &special));
    t->is_number = 0;
    if (!special) {
        TRY(need(c, value));
        t->p = c->p, t->n = (size_t)value, c->p += value;
        return GOOD;
    }
    if (value < 3) {
        int width = 1 << value;
        TRY(need(c, (uint64_t)width));
        set_number(t, signed_le(c->p, width));
        c->p += width;
        return GOOD;
    }
    if (value != 3) return ODD;
    uint64_t packed, plain;
    TRY(lzf_lengths(c, &packed, &plain));
    if (plain > LARGE) return ODD;
    if (s->room[which] < plain) {
        uint8_t *more = realloc(s->plain[which], (size_t)plain);
        if (!more) return ODD;
        s->plain[which] = more, s->room[which] = (size_t)plain;
    }
    if (lzf_unpack(c->p, (size_t)packed, s->plain[which], (size_t)plain) != GOOD) return ODD;
    t->p = s->plain[which], t->n = (size_t)plain, c->p += packed;
    return GOOD;
}

static int skip_string(cursor *c) {
    uint64_t value, plain;
    int special;
    TRY(get_head(c, &value, &special));
    if (special && value < 3)
        value = 1u << value;
    else if (special && value == 3)
        TRY(lzf_lengths(c, &value, &plain));
    else if (special)
        return ODD;
    TRY(need(c, value));
    c->p += value;
    return GOOD;
}

static int skip_strings(cursor *c, uint64_t count) {
    while (count--) TRY(skip_string(c));
    return GOOD;
}

/* ---- canonical form ---- */

static size_t prefix_of(uint64_t n, uint8_t out[9]) {
    if (n < 64) return out[0] = (uint8_t)n, 1;
    if (n < 16384) return out[0] = (uint8_t)(0x40 | n >> 8), out[1] = (uint8_t)n, 2;
    int width = n >> 32 ? 8 : 4;
    out[0] = width == 8 ? 0x81 : 0x80;
    for (int i = 0; i < width; i++) out[1 + i] = (uint8_t)(n >> 8 * (width - 1 - i));
    return (size_t)width + 1;
}

static void feed_text(blake2b *b, const text *t) {
    uint8_t prefix[9];
    b2_update(b, prefix, prefix_of(t->n, prefix));
    if (t->n) b2_update(b, bytes_of(t), t->n);
}

static void feed_number(blake2b *b, uint64_t number) {
    uint8_t out[8];
    store64(out, number);
    b2_update(b, out, 8);
}

static void feed_byte(blake2b *b, uint8_t byte) { b2_update(b, &byte, 1); }

typedef struct {
    uint64_t count, low, high;
} sum;

static inline void add_digest(sum *s, const uint64_t digest[2]) {
    s->low += digest[0];
    s->high += digest[1] + (s->low < digest[0]);
}

static void add_element(sum *s, const text *name, const text *value, const double *score) {
    blake2b b;
    uint64_t digest[2];
    b2_init(&b);
    feed_text(&b, name);
    if (value) feed_text(&b, value);
    if (score) {
        uint64_t bits;
        double plain = *score + 0.0; /* Redis drops the sign of zero */
        memcpy(&bits, &plain, 8);
        feed_number(&b, plain != plain ? 0x7ff8000000000000ULL : bits);
    }
    b2_final(&b, digest);
    add_digest(s, digest);
    s->count++;
}

static int feed_sum(blake2b *b, const sum *s) {
    if (!s->count) return ODD;
    feed_number(b, s->count);
    feed_number(b, s->low);
    feed_number(b, s->high);
    return GOOD;
}

/* ---- names that stand twice: Redis refuses those in plain tables ---- */

static uint64_t hash_name(const scratch *s, const text *t) {
    const uint8_t *p = bytes_of(t);
    uint64_t h = s->seed ^ t->n, word;
    size_t n = t->n;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&word, p, 8);
        h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
        h ^= h >> 32;
    }
    word = 0;
    if (n) memcpy(&word, p, n);
    h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9ULL;
    h ^= h >> 32;
    return h ? h : 1;
}

static int begin_names(scratch *s, uint64_t count) {
    size_t wanted = 16, most = count < MOST_NAMES ? (size_t)count : MOST_NAMES;
    while (wanted < 2 * most) wanted *= 2;
    if (s->slots < wanted) {
        uint64_t *more = realloc(s->seen, wanted * sizeof *more);
        if (!more) return ODD;
        s->seen = more, s->slots = wanted;
    }
    memset(s->seen, 0, wanted * sizeof *s->seen);
    return GOOD;
}

/* `slots` is what begin_names made for these names. ODD also for names made to collide. */
static int add_name(scratch *s, uint64_t before, uint64_t count, const text *t) {
    if (before >= MOST_NAMES) return GOOD;
    size_t slots = 16, most = count < MOST_NAMES ? (size_t)count : MOST_NAMES;
    while (slots < 2 * most) slots *= 2;
    uint64_t h = hash_name(s, t);
    for (size_t i = 0; i < 64; i++) {
        uint64_t *slot = s->seen + ((h + i) & (slots - 1));
        if (*slot == h) return ODD;
        if (!*slot) return *slot = h, GOOD;
    }
    return ODD;
}

/* ---- scores ---- */

/* A usual number; anything else is left to Python. Exact: both factors are (Clinger). */
static int get_score(const text *t, double *score) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (t->is_number) return *score = (double)t->number, GOOD;
    const uint8_t *p = bytes_of(t), *end = p + t->n;
    int minus = p < end && *p == '-', behind = 0, digits = 0, point = 0;
    uint64_t mantissa = 0;
    if (minus) p++;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = 1;
        } else if (*p >= '0' && *p <= '9' && digits < 18) {
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
            digits++, behind += point;
        } else {
            return ODD;
        }
    }
    if (!digits || mantissa > 1ULL << 53) return ODD;
    *score = (double)mantissa / tens[behind];
    if (minus) *score = -*score;
    return GOOD;
}

/* ---- listpack and intset: `c` covers exactly one of them ---- */

static int lp_begin(cursor *c, const text *blob, uint32_t *count) {
    const uint8_t *p = bytes_of(blob);
    if (blob->n < 7) return ODD;
    uint32_t total = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    if (total != blob->n || p[blob->n - 1] != 0xFF) return ODD;
    *count = (uint32_t)p[4] | (uint32_t)p[5] << 8;
    c->p = p + 6, c->end = p + blob->n - 1, c->ends = ODD; /* without the end mark */
    return GOOD;
}

static int lp_end(const cursor *c, uint32_t count, uint64_t seen) {
    return c->p == c->end && (count == seen || count == 65535) ? GOOD : ODD;
}

static int lp_next(cursor *c, text *t) {
    const uint8_t *begin = c->p;
    TRY(need(c, 1));
    uint8_t head = *c->p++;
    size_t length = 0;
    t->is_number = 0;
    if (head < 0x80) {
        set_number(t, head);
    } else if (head < 0xC0) {
        length = head & 63;
    } else if (head < 0xE0) {
        TRY(need(c, 1));
        int number = (head & 31) << 8 | *c->p++;
        set_number(t, number < 4096 ? number : number - 8192);
    } else if (head < 0xF0) {
        TRY(need(c, 1));
        length = (size_t)(head & 15) << 8 | *c->p++;
    } else if (head == 0xF0) {
        TRY(need(c, 4));
        for (int i = 3; i >= 0; i--) length = length << 8 | c->p[i];
        c->p += 4;
    } else {
        int width = head == 0xF1 ? 2 : head == 0xF2 ? 3 : head == 0xF3 ? 4 : head == 0xF4 ? 8 : 0;
        if (!width) return ODD;
        TRY(need(c, (uint64_t)width));
        set_number(t, signed_le(c->p, width));
        c->p += width;
    }
    if (!t->is_number) {
        TRY(need(c, length));
        t->p = c->p, t->n = length, c->p += length;
    }
    size_t size = (size_t)(c->p - begin);
    int width = size < 128 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
    TRY(need(c, (uint64_t)width));
    for (int i = 0; i < width; i++) {
        uint8_t group = (uint8_t)(size >> 7 * (width - 1 - i) & 127);
        if (*c->p++ != (i ? group | 128 : group)) return ODD;
    }
    return GOOD;
}

static int lp_list(const text *blob, blake2b *b, uint64_t *count) {
    cursor c;
    uint32_t promised;
    uint64_t seen = 0;
    text t;
    TRY(lp_begin(&c, blob, &promised));
    for (; c.p < c.end; seen++) {
        TRY(lp_next(&c, &t));
        feed_text(b, &t);
    }
    *count += seen;
    return lp_end(&c, promised, seen);
}

enum { MEMBERS, SCORED, PAIRS };

static int lp_sum(const text *blob, int what, sum *s) {
    cursor c;
    uint32_t promised;
    text name, value;
    double score;
    TRY(lp_begin(&c, blob, &promised));
    while (c.p < c.end) {
        TRY(lp_next(&c, &name));
        if (what != MEMBERS) TRY(lp_next(&c, &value));
        if (what == SCORED) TRY(get_score(&value, &score));
        add_element(s, &name, what == PAIRS ? &value : NULL, what == SCORED ? &score : NULL);
    }
    return lp_end(&c, promised, what == MEMBERS ? s->count : 2 * s->count);
}

static int intset_sum(const text *blob, sum *s) {
    const uint8_t *p = bytes_of(blob);
    if (blob->n < 8) return ODD;
    int64_t width = signed_le(p, 4), before = 0;
    uint64_t count = (uint64_t)signed_le(p + 4, 4) & 0xFFFFFFFFu;
    if ((width != 2 && width != 4 && width != 8) || blob->n != 8 + (uint64_t)width * count)
        return ODD;
    p += 8;
    for (uint64_t i = 0; i < count; i++, p += width) {
        text t;
        int64_t number = signed_le(p, (int)width);
        if (i && number <= before) return ODD;
        before = number;
        set_number(&t, number);
        add_element(s, &t, NULL, NULL);
    }
    return GOOD;
}

/* ---- values ---- */

enum {
    T_STRING = 0, T_LIST = 1, T_SET = 2, T_HASH = 4, T_ZSET_2 = 5, T_ZIPMAP = 9,
    T_LIST_ZIPLIST = 10, T_INTSET = 11, T_ZSET_ZIPLIST = 12, T_HASH_ZIPLIST = 13, T_QUICKLIST = 14,
    T_HASH_LP = 16, T_ZSET_LP = 17, T_QUICKLIST_2 = 18, T_STREAM_2 = 19, T_SET_LP = 20,
    T_STREAM_3 = 21, T_STRING_INT = 256, T_STRING_LZF = 257
};

static int plain_sum(cursor *c, scratch *s, int kind, sum *total) {
    uint64_t count;
    text name, value;
    TRY(get_length(c, &count));
    /* each takes at least so many bytes, so a count that lies costs no memory */
    if (count > (uint64_t)(c->end - c->p)) return c->ends;
    TRY(begin_names(s, count));
    for (uint64_t i = 0; i < count; i++) {
        double score;
        TRY(get_string(c, s, 0, &name));
        TRY(add_name(s, i, count, &name));
        if (kind == T_HASH) TRY(get_string(c, s, 1, &value));
        if (kind == T_ZSET_2) {
            TRY(need(c, 8));
            uint64_t bits = load64(c->p);
            memcpy(&score, &bits, 8);
            if (score != score) return ODD;
            c->p += 8;
        }
        add_element(total, &name, kind == T_HASH ? &value : NULL, kind == T_ZSET_2 ? &score : NULL);
    }
    return GOOD;
}

static int quicklist(cursor *c, scratch *s, blake2b *b) {
    uint64_t nodes, container, count = 0;
    text t;
    TRY(get_length(c, &nodes));
    while (nodes--) {
        TRY(get_length(c, &container));
        if (container != 1 && container != 2) return ODD;
        TRY(get_string(c, s, 0, &t));
        if (container == 2) {
            TRY(lp_list(&t, b, &count));
        } else {
            feed_text(b, &t);
            count++;
        }
    }
    feed_byte(b, 0xFF);
    return count ? GOOD : ODD;
}

static int lp_number(cursor *c, int64_t *number) {
    text t;
    TRY(lp_next(c, &t));
    *number = t.number;
    return t.is_number ? GOOD : ODD;
}

/* one item of an entry, for the limit of what an entry may hold */
static int lp_item(cursor *c, text *t, uint64_t *held) {
    TRY(lp_next(c, t));
    *held += t->n + 48;
    return *held > HELD ? ODD : GOOD;
}

static int stream_names(cursor *c, scratch *s, uint64_t count, uint64_t *bytes) {
    uint64_t held = 0;
    *bytes = 0;
    if (count > HELD / 48) return ODD;
    if (s->names_room < count) {
        text *more = realloc(s->names, (size_t)count * sizeof *more);
        if (!more) return ODD;
        s->names = more, s->names_room = (size_t)count;
    }
    for (uint64_t i = 0; i < count; i++) {
        TRY(lp_item(c, &s->names[i], &held));
        *bytes += s->names[i].n;
    }
    return GOOD;
}

static int stream_node(cursor *c, scratch *s, blake2b *b) {
    text id, blob, t;
    cursor in;
    uint32_t promised;
    uint64_t ms = 0, sequence = 0, repeated, repeats = 0;
    int64_t live, deleted, names, number, flags, count;
    TRY(get_string(c, s, 1, &id));
    if (id.n != 16) return ODD;
    for (int i = 0; i < 8; i++)
        ms = ms << 8 | bytes_of(&id)[i], sequence = sequence << 8 | bytes_of(&id)[8 + i];
    TRY(get_string(c, s, 0, &blob));
    TRY(lp_begin(&in, &blob, &promised));
    TRY(lp_number(&in, &live));
    TRY(lp_number(&in, &deleted));
    TRY(lp_number(&in, &names));
    int64_t most = (int64_t)blob.n;
    if (live < 0 || deleted < 0 || names < 0 || live > most || deleted > most || names > most)
        return ODD;
    TRY(stream_names(&in, s, (uint64_t)names, &repeated));
    TRY(lp_number(&in, &number));
    uint64_t seen = 4 + (uint64_t)names;
    for (int64_t left = live + deleted; left > 0; left--) {
        uint64_t held = 0;
        int64_t more_ms, more_sequence;
        TRY(lp_number(&in, &flags));
        TRY(lp_number(&in, &more_ms));
        TRY(lp_number(&in, &more_sequence));
        int same = (flags & 2) != 0, gone = (flags & 1) != 0;
        count = names;
        seen += 4;
        if (same) {
            repeats += repeated;
            if (repeats > REPEATED * (uint64_t)blob.n) return ODD;
        } else {
            TRY(lp_number(&in, &count));
            if (count < 0 || count > most) return ODD;
            seen += 1 + (uint64_t)count;
        }
        seen += (uint64_t)count;
        if (!gone) {
            feed_byte(b, 0);
            feed_number(b, ms + (uint64_t)more_ms);
            feed_number(b, sequence + (uint64_t)more_sequence);
            feed_number(b, 2 * (uint64_t)count);
            live--;
        }
        for (int64_t i = 0; i < count; i++) {
            if (!same) TRY(lp_item(&in, &t, &held));
            if (!gone) feed_text(b, same ? &s->names[i] : &t);
            TRY(lp_item(&in, &t, &held));
            if (!gone) feed_text(b, &t);
        }
        TRY(lp_number(&in, &number));
    }
    return live ? ODD : lp_end(&in, promised, seen);
}

static int stream_group(cursor *c, scratch *s, int kind, blake2b *b) {
    uint64_t number, count, owned;
    text name;
    TRY(get_string(c, s, 0, &name));
    feed_byte(b, 2);
    feed_text(b, &name);
    for (int i = 0; i < 3; i++) { /* last id, entries read; unknown is 2^64 - 1 on both sides */
        TRY(get_length(c, &number));
        feed_number(b, number);
    }
    TRY(get_length(c, &count));
    while (count--) {
        TRY(need(c, 24));
        feed_byte(b, 3);
        b2_update(b, c->p, 24);
        c->p += 24;
        TRY(get_length(c, &number));
        feed_number(b, number);
    }
    TRY(get_length(c, &count));
    while (count--) {
        TRY(get_string(c, s, 0, &name));
        feed_byte(b, 4);
        feed_text(b, &name);
        TRY(need(c, kind == T_STREAM_3 ? 16 : 8));
        c->p += kind == T_STREAM_3 ? 16 : 8;
        TRY(get_length(c, &owned));
        while (owned--) {
            TRY(need(c, 16));
            feed_byte(b, 5);
            b2_update(b, c->p, 16);
            c->p += 16;
        }
    }
    return GOOD;
}

static int stream(cursor *c, scratch *s, int kind, blake2b *b) {
    uint64_t count, number;
    TRY(get_length(c, &count));
    while (count--) TRY(stream_node(c, s, b));
    feed_byte(b, 1);
    for (int i = 0; i < 8; i++) { /* length, last id, first id (follows), deleted id, added */
        TRY(get_length(c, &number));
        if (i != 3 && i != 4) feed_number(b, number);
    }
    TRY(get_length(c, &count));
    while (count--) TRY(stream_group(c, s, kind, b));
    return GOOD;
}

static int tag_of(int kind) {
    switch (kind) {
    case T_STRING: return 0;
    case T_QUICKLIST_2: return 1;
    case T_SET: case T_INTSET: case T_SET_LP: return 2;
    case T_ZSET_2: case T_ZSET_LP: return 3;
    case T_HASH: case T_HASH_LP: return 4;
    case T_STREAM_2: case T_STREAM_3: return 5;
    }
    return -1;
}

static int digest_value(cursor *c, scratch *s, keyrow *k) {
    blake2b b;
    text blob;
    sum total = {0, 0, 0};
    int tag = tag_of(k->kind), status = GOOD;
    if (tag < 0) return ODD;
    b2_init(&b);
    feed_byte(&b, (uint8_t)tag);
    feed_text(&b, &k->key);
    switch (k->kind) {
    case T_STRING:
        TRY(get_string(c, s, 0, &blob));
        feed_text(&b, &blob);
        break;
    case T_QUICKLIST_2: TRY(quicklist(c, s, &b)); break;
    case T_STREAM_2: case T_STREAM_3: TRY(stream(c, s, k->kind, &b)); break;
    case T_SET: case T_HASH: case T_ZSET_2:
        TRY(plain_sum(c, s, k->kind, &total));
        TRY(feed_sum(&b, &total));
        break;
    default:
        TRY(get_string(c, s, 0, &blob));
        if (k->kind == T_INTSET)
            status = intset_sum(&blob, &total);
        else
            status = lp_sum(&blob, tag == 2 ? MEMBERS : tag == 3 ? SCORED : PAIRS, &total);
        TRY(status);
        TRY(feed_sum(&b, &total));
    }
    if (k->expires) feed_number(&b, (uint64_t)k->expire);
    b2_final(&b, k->digest);
    return GOOD;
}

static int skip_value(cursor *c, int kind) {
    uint64_t count, container;
    switch (kind) {
    case T_STRING: case T_ZIPMAP: case T_LIST_ZIPLIST: case T_INTSET: case T_ZSET_ZIPLIST:
    case T_HASH_ZIPLIST: case T_HASH_LP: case T_ZSET_LP: case T_SET_LP:
        return skip_string(c);
    case T_LIST: case T_SET: case T_QUICKLIST:
        TRY(get_length(c, &count));
        return skip_strings(c, count);
    case T_HASH:
        TRY(get_length(c, &count));
        while (count--) TRY(skip_strings(c, 2));
        return GOOD;
    case T_ZSET_2:
        TRY(get_length(c, &count));
        while (count--) {
            TRY(skip_string(c));
            TRY(need(c, 8));
            c->p += 8;
        }
        return GOOD;
    case T_QUICKLIST_2:
        TRY(get_length(c, &count));
        while (count--) {
            TRY(get_length(c, &container));
            TRY(skip_string(c));
        }
        return GOOD;
    }
    return ODD;
}

/* ---- one key ---- */

static int get_key(const uint8_t *buf, size_t size, size_t pos, scratch *s, int digest, keyrow *k) {
    cursor c = {buf + pos, buf + size, SHORT};
    k->start = pos;
    k->expires = k->has_heat = 0, k->expire = k->heat = 0;
    for (;;) {
        uint64_t idle;
        k->record = (size_t)(c.p - buf);
        TRY(need(&c, 1));
        k->kind = *c.p++;
        if (k->kind == 252) {
            TRY(need(&c, 8));
            k->expires = 1, k->expire = signed_le(c.p, 8), c.p += 8;
        } else if (k->kind == 249) {
            TRY(need(&c, 1));
            k->has_heat = 1, k->heat = *c.p++;
        } else if (k->kind == 248) {
            TRY(get_length(&c, &idle));
            if (idle >> 62) return ODD;
            k->has_heat = 1, k->heat = -1 - (int64_t)idle;
        } else {
            break;
        }
    }
    if (k->kind > 32) return ODD; /* no type has such a number */
    uint64_t n;
    int special;
    const uint8_t *at = c.p;
    TRY(get_head(&c, &n, &special));
    if (special ? n > 2 : n > 4096) return ODD; /* a long key ends a batch */
    c.p = at;
    TRY(get_string(&c, s, 0, &k->key));
    TRY(need(&c, 1));
    uint8_t first = *c.p;
    TRY(digest ? digest_value(&c, s, k) : skip_value(&c, k->kind));
    if (k->kind == T_STRING && first >= 0xC0) k->kind = first == 0xC3 ? T_STRING_LZF : T_STRING_INT;
    k->end = (size_t)(c.p - buf);
    return GOOD;
}

static void free_scratch(scratch *s) {
    free(s->plain[0]), free(s->plain[1]), free(s->seen), free(s->names);
    memset(s, 0, sizeof *s);
}

#endif
