/* The compiled core: what rdb.h reads, as rows or as sums, for Python. See compiled.py. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "rdb.h"

enum { KINDS = 258, MOST_LEADERS = 1024 };

typedef struct {
    const uint8_t *p;
    size_t n;
} literal;

typedef struct {
    literal *literals;
    Py_ssize_t count;
    uint64_t keys, bytes;
    int expires;
    int64_t soonest, latest;
} pattern;

typedef struct {
    PyObject_HEAD
    scratch memory;
    PyObject *rules; /* keeps the bytes of the literals */
    pattern *patterns;
    Py_ssize_t pattern_count;
    int digest, has_alive;
    int64_t taken_at, alive_at;
    uint64_t kinds[KINDS];
    uint64_t keys, expires, expired, gone, bytes;
    sum total;
} Tally;

static void seed(scratch *s) {
    /* Python's own, which is random for each process */
    PyObject *word = PyUnicode_FromString("redis-dr");
    Py_hash_t value = word ? PyObject_Hash(word) : -1;
    if (value == -1) PyErr_Clear();
    s->seed = (uint64_t)value * 0x9E3779B97F4A7C15ULL;
    Py_XDECREF(word);
}

static PyObject *row_of(const keyrow *k, unsigned long long base) {
    PyObject *expire = k->expires ? PyLong_FromLongLong(k->expire) : Py_NewRef(Py_None);
    PyObject *heat = k->has_heat ? PyLong_FromLongLong(k->heat) : Py_NewRef(Py_None);
    if (!expire || !heat) {
        Py_XDECREF(expire);
        Py_XDECREF(heat);
        return NULL;
    }
    return Py_BuildValue("(iy#NNKKK)", k->kind, (const char *)bytes_of(&k->key),
                         (Py_ssize_t)k->key.n, expire, heat, base + k->start, base + k->end,
                         base + k->record);
}

static int append(PyObject *list, PyObject *item) {
    int status = item ? PyList_Append(list, item) : -1;
    Py_XDECREF(item);
    return status;
}

static int check_range(const Py_buffer *view, Py_ssize_t pos) {
    if (pos >= 0 && pos <= view->len) return 0;
    PyErr_SetString(PyExc_ValueError, "the position lies outside the buffer");
    return -1;
}

/* scan(buf, pos, base, rows, digests or None, most) -> (position, short) */
static PyObject *scan(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer view;
    Py_ssize_t pos, most;
    unsigned long long base;
    PyObject *rows, *digests, *result = NULL;
    if (!PyArg_ParseTuple(args, "y*nKO!On", &view, &pos, &base, &PyList_Type, &rows, &digests, &most))
        return NULL;
    scratch memory = {0};
    keyrow k;
    int status = GOOD, wanted = digests != Py_None;
    if (wanted && !PyList_Check(digests)) {
        PyErr_SetString(PyExc_TypeError, "digests must be a list or None");
        goto done;
    }
    if (check_range(&view, pos) < 0) goto done;
    seed(&memory);
    while (PyList_GET_SIZE(rows) < most) {
        status = get_key(view.buf, (size_t)view.len, (size_t)pos, &memory, wanted, &k);
        if (status != GOOD) break;
        if (wanted) {
            uint8_t out[16];
            store64(out, k.digest[0]), store64(out + 8, k.digest[1]);
            if (append(digests, PyBytes_FromStringAndSize((char *)out, 16)) < 0) goto done;
        }
        if (append(rows, row_of(&k, base)) < 0) goto done;
        pos = (Py_ssize_t)k.end;
    }
    result = Py_BuildValue("(nO)", pos, status == SHORT ? Py_True : Py_False);
done:
    free_scratch(&memory);
    PyBuffer_Release(&view);
    return result;
}

/* ---- patterns: each literal where it comes first, no step is taken back ---- */

static const uint8_t *find(const uint8_t *p, const uint8_t *end, const literal *l) {
    if (!l->n) return p;
    while ((size_t)(end - p) >= l->n) {
        p = memchr(p, l->p[0], (size_t)(end - p) - l->n + 1);
        if (!p || !memcmp(p, l->p, l->n)) return p;
        p++;
    }
    return NULL;
}

static int matches(const pattern *rule, const text *key) {
    const uint8_t *p = bytes_of(key), *end = p + key->n;
    const literal *first = rule->literals, *last = rule->literals + rule->count - 1;
    if (rule->count == 1) return key->n == first->n && !memcmp(p, first->p, first->n);
    if (key->n < first->n + last->n || memcmp(p, first->p, first->n)) return 0;
    if (memcmp(end - last->n, last->p, last->n)) return 0;
    p += first->n;
    for (const literal *l = first + 1; l < last; l++) {
        if (p >= end) return 0;
        p = find(p + 1, end, l);
        if (!p) return 0;
        p += l->n;
    }
    return (size_t)(end - p) > last->n;
}

static void count_key(Tally *self, const keyrow *k) {
    uint64_t size = k->end - k->start;
    int dead = self->has_alive && k->expires && k->expire <= self->alive_at;
    self->kinds[k->kind]++;
    self->keys++;
    self->bytes += size;
    self->expires += (uint64_t)k->expires;
    self->expired += k->expires && k->expire <= self->taken_at;
    self->gone += (uint64_t)dead;
    if (self->digest && !dead) add_digest(&self->total, k->digest);
    for (pattern *rule = self->patterns; rule < self->patterns + self->pattern_count; rule++) {
        if (!matches(rule, &k->key)) continue;
        rule->keys++;
        rule->bytes += size;
        if (k->expires) {
            if (!rule->expires || k->expire < rule->soonest) rule->soonest = k->expire;
            if (!rule->expires || k->expire > rule->latest) rule->latest = k->expire;
            rule->expires = 1;
        }
        return;
    }
}

/* feed(buf, pos, base, largest floor, hottest floor) -> (position, short, rows above a floor) */
static PyObject *Tally_feed(Tally *self, PyObject *args) {
    Py_buffer view;
    Py_ssize_t pos;
    unsigned long long base;
    long long large, hot;
    PyObject *result = NULL, *leaders;
    if (!PyArg_ParseTuple(args, "y*nKLL", &view, &pos, &base, &large, &hot)) return NULL;
    leaders = PyList_New(0);
    if (!leaders || check_range(&view, pos) < 0) goto done;
    int status = GOOD;
    keyrow k;
    while (PyList_GET_SIZE(leaders) < MOST_LEADERS) {
        status = get_key(view.buf, (size_t)view.len, (size_t)pos, &self->memory, self->digest, &k);
        if (status != GOOD) break;
        count_key(self, &k);
        if ((int64_t)(k.end - k.start) > large || (k.has_heat && k.heat > hot))
            if (append(leaders, row_of(&k, base)) < 0) goto done;
        pos = (Py_ssize_t)k.end;
    }
    result = Py_BuildValue("(nOO)", pos, status == SHORT ? Py_True : Py_False, leaders);
done:
    Py_XDECREF(leaders);
    PyBuffer_Release(&view);
    return result;
}

static PyObject *counts_of(const pattern *rule) {
    if (!rule->expires) return Py_BuildValue("(KKOO)", rule->keys, rule->bytes, Py_None, Py_None);
    return Py_BuildValue("(KKLL)", rule->keys, rule->bytes, (long long)rule->soonest,
                         (long long)rule->latest);
}

/* totals() -> (keys, expires, expired, gone, bytes, (low, high), kinds, patterns) */
static PyObject *Tally_totals(Tally *self, PyObject *ignored) {
    (void)ignored;
    PyObject *kinds = PyList_New(0), *patterns = PyList_New(0), *result = NULL;
    if (!kinds || !patterns) goto done;
    for (int i = 0; i < KINDS; i++)
        if (self->kinds[i] && append(kinds, Py_BuildValue("(iK)", i, self->kinds[i])) < 0) goto done;
    for (Py_ssize_t i = 0; i < self->pattern_count; i++)
        if (append(patterns, counts_of(self->patterns + i)) < 0) goto done;
    result = Py_BuildValue("(KKKKK(KK)OO)", self->keys, self->expires, self->expired, self->gone,
                           self->bytes, self->total.low, self->total.high, kinds, patterns);
done:
    Py_XDECREF(kinds);
    Py_XDECREF(patterns);
    return result;
}

static int take_rule(pattern *rule, PyObject *literals) {
    if (!PyTuple_Check(literals) || !PyTuple_GET_SIZE(literals)) {
        PyErr_SetString(PyExc_TypeError, "a rule is a tuple of literals");
        return -1;
    }
    rule->literals = PyMem_Calloc((size_t)PyTuple_GET_SIZE(literals), sizeof *rule->literals);
    if (!rule->literals) return PyErr_NoMemory(), -1;
    for (; rule->count < PyTuple_GET_SIZE(literals); rule->count++) {
        char *p;
        Py_ssize_t n;
        if (PyBytes_AsStringAndSize(PyTuple_GET_ITEM(literals, rule->count), &p, &n) < 0) return -1;
        rule->literals[rule->count].p = (const uint8_t *)p;
        rule->literals[rule->count].n = (size_t)n;
    }
    return 0;
}

/* Tally(rules, digest, taken at, alive at or None) */
static PyObject *Tally_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *rules, *alive;
    int digest;
    long long taken_at;
    if (names && PyDict_Size(names)) return PyErr_SetString(PyExc_TypeError, "no names"), NULL;
    if (!PyArg_ParseTuple(args, "O!pLO", &PyTuple_Type, &rules, &digest, &taken_at, &alive)) return NULL;
    Tally *self = (Tally *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    seed(&self->memory);
    self->digest = digest, self->taken_at = taken_at;
    self->rules = Py_NewRef(rules);
    if (alive != Py_None) {
        self->has_alive = 1;
        self->alive_at = PyLong_AsLongLong(alive);
        if (self->alive_at == -1 && PyErr_Occurred()) goto failed;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(rules);
    self->patterns = PyMem_Calloc((size_t)count + 1, sizeof *self->patterns);
    if (!self->patterns) {
        PyErr_NoMemory();
        goto failed;
    }
    while (self->pattern_count < count) {
        pattern *rule = self->patterns + self->pattern_count;
        PyObject *literals = PyTuple_GET_ITEM(rules, self->pattern_count);
        self->pattern_count++;
        if (take_rule(rule, literals) < 0) goto failed;
    }
    return (PyObject *)self;
failed:
    Py_DECREF(self);
    return NULL;
}

static void Tally_dealloc(Tally *self) {
    PyTypeObject *type = Py_TYPE(self);
    for (Py_ssize_t i = 0; i < self->pattern_count; i++) PyMem_Free(self->patterns[i].literals);
    PyMem_Free(self->patterns);
    Py_XDECREF(self->rules);
    free_scratch(&self->memory);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

/* unpack(data, length) -> bytes or None */
static PyObject *unpack(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer view;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "y*n", &view, &length)) return NULL;
    PyObject *plain = NULL;
    if (length < 0)
        PyErr_SetString(PyExc_ValueError, "the length is negative");
    else
        plain = PyBytes_FromStringAndSize(NULL, length);
    if (plain && lzf_unpack(view.buf, (size_t)view.len, (uint8_t *)PyBytes_AS_STRING(plain),
                            (size_t)length) != GOOD)
        Py_SETREF(plain, Py_NewRef(Py_None));
    PyBuffer_Release(&view);
    return plain;
}

static PyMethodDef tally_methods[] = {
    {"feed", (PyCFunction)Tally_feed, METH_VARARGS, "Count the keys that lie whole in a buffer."},
    {"totals", (PyCFunction)Tally_totals, METH_NOARGS, "What was counted."},
    {NULL, NULL, 0, NULL}};
static PyType_Slot tally_slots[] = {{Py_tp_new, Tally_new},
                                    {Py_tp_dealloc, Tally_dealloc},
                                    {Py_tp_methods, tally_methods},
                                    {0, NULL}};
static PyType_Spec tally_spec = {"redis_dr.tasks.rdb.core._core.Tally", sizeof(Tally), 0,
                                 Py_TPFLAGS_DEFAULT, tally_slots};
static PyMethodDef methods[] = {
    {"scan", scan, METH_VARARGS, "Rows and digests of the keys that lie whole in a buffer."},
    {"unpack", unpack, METH_VARARGS, "Plain bytes of LZF, or None."},
    {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_core", NULL, -1, methods,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__core(void) {
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = module ? PyType_FromSpec(&tally_spec) : NULL;
    if (!type || PyModule_AddObjectRef(module, "Tally", type) < 0) Py_CLEAR(module);
    Py_XDECREF(type);
    return module;
}
