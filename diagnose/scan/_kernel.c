/* Replays line templates over bytes; knows no log format.

   A program is a trie of templates, made by diagnose/scan/trie.py from what Lark has parsed. Three things are done with it:
   `match` finds the template of one line and where its variable parts end; `walk` goes through a block of lines, stores
   the numbers of lines whose template is enabled as rows of doubles, drops lines that nobody wants and hands every other
   line to Python; `fold` drops states of progress bars that a later one overwrites.

   Numbers are stored only if they are certain to equal Python's float(): exact arithmetic where both parts are exact,
   else the method of Eisel and Lemire (arXiv:2101.11408); what that leaves open makes the line one for Python.

   What is read ends with a newline, and no literal holds one: so loops over digits and blanks need not look for the end.
   scan/pure.py does the same in Python; tests hold the two equal. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_COLUMN = 3, MOST_VARIABLES = 256, MOST_RETRIES = 48, DOUBLES_OF_A_TEMPLATE = 1 << 16 };

/* Operations of a program; the same numbers stand in template.py. */
enum { LITERAL, RUN, NUMBER, BLANKS, END };

/* What a printed number shows; a NUMBER node accepts the shapes in its mask. */
enum { HAS_SIGN_MINUS = 1, HAS_SIGN_PLUS = 2, IS_WHOLE = 4, HAS_FRACTION = 8, HAS_EXPONENT = 16, ENDS_IN_POINT = 32,
       BEGINS_WITH_POINT = 64, LEADING_ZERO = 128 };

typedef struct {
    int32_t operation;
    int32_t low, high;        /* RUN, BLANKS: fewest and most bytes. NUMBER: low is the mask. END: low is the template. */
    int32_t next, other;      /* what follows; what else may stand here, or -1 */
    int32_t text, length;     /* LITERAL: where its bytes are */
    int32_t padding;
} Node;

typedef struct {
    int enabled;              /* whether rows are wanted at present */
    int width;                /* doubles in a row: its line, the counters, then the columns */
    int columns[MOST_VARIABLES]; /* the variable part that each column comes from */
    int major, minor;         /* variable parts that must rise from row to row, or -1; a major one alone must not fall */
    int constant;             /* variable part that must stay what it was, or -1 */
    double expected;
    int forbids;              /* whether a value of -1 makes a row one for Python */
    double *rows;
    Py_ssize_t count, room;
} Template;

typedef struct {
    PyObject_HEAD
    Node *nodes;
    int32_t node_count;
    uint8_t *texts;
    Template *templates;
    int32_t template_count;
    int busy;                 /* whether a walk is under way, without the GIL */
    double major, minor;      /* counters of the last row */
    uint8_t classes[256];     /* of the gate: a finite automaton over classes of bytes; state 1 means "wanted" */
    uint16_t *gate;
    int32_t gate_states, gate_classes;
    uint64_t *powers;         /* 128 bits of every power of ten from -342 to 308, high half first */
} Scanner;

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t digits;          /* significant digits as a whole number, right if there are at most 19 */
    int32_t count;            /* how many, leading zeros left out */
    int32_t power;            /* of ten, by which they are multiplied */
    int32_t shape;
    int negative;
} Printed;

static inline int is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

/* Read a run of digits into `printed`; return what follows. */
static inline const uint8_t *digits(const uint8_t *at, Printed *printed)
{
    uint64_t value = printed->digits;
    const uint8_t *first = at;
    if (value == 0) {
        while (*at == '0')
            at++;
        first = at;
    }
    for (uint8_t digit; (digit = (uint8_t)(*at - '0')) < 10; at++)
        value = value * 10 + digit;
    printed->count += (int32_t)(at - first < 1000 ? at - first : 1000);
    printed->digits = value;
    return at;
}

/* Read the longest number at `at`; return what follows, or NULL if there is none. */
static inline const uint8_t *number(const uint8_t *at, Printed *printed)
{
    *printed = (Printed){0, 0, 0, 0, 0};
    if (*at == '-') {
        printed->negative = 1;
        printed->shape = HAS_SIGN_MINUS;
        at++;
    } else if (*at == '+') {
        printed->shape = HAS_SIGN_PLUS;
        at++;
    }
    const uint8_t *whole = at;
    at = digits(at, printed);
    int has_whole = at > whole;
    if (*whole == '0' && at > whole + 1)
        printed->shape |= LEADING_ZERO;
    if (*at == '.') {
        const uint8_t *fraction = at + 1;
        at = digits(fraction, printed);
        Py_ssize_t width = at - fraction;
        if (width == 0) {
            if (!has_whole)
                return NULL;
            printed->shape |= ENDS_IN_POINT;
        } else {
            printed->shape |= has_whole ? HAS_FRACTION : BEGINS_WITH_POINT;
            printed->power = width < 100000 ? -(int32_t)width : -100000;
        }
    } else if (!has_whole) {
        return NULL;
    } else {
        printed->shape |= IS_WHOLE;
    }
    if ((*at | 32) == 'e') {
        const uint8_t *exponent = at + 1;
        int negative = *exponent == '-';
        if (negative || *exponent == '+')
            exponent++;
        if (is_digit(*exponent)) {
            int32_t value = 0;
            for (; is_digit(*exponent); exponent++)
                if (value < 100000)
                    value = value * 10 + (*exponent - '0');
            printed->power += negative ? -value : value;
            printed->shape |= HAS_EXPONENT;
            at = exponent;
        }
    }
    return at;
}

static const double EXACT[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct { uint64_t high, low; } Wide;

static inline Wide multiplied(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;
    return (Wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    uint64_t low = (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF), one = (a >> 32) * (b & 0xFFFFFFFF);
    uint64_t other = (a & 0xFFFFFFFF) * (b >> 32), high = (a >> 32) * (b >> 32);
    uint64_t middle = (low >> 32) + (one & 0xFFFFFFFF) + (other & 0xFFFFFFFF);
    return (Wide){high + (one >> 32) + (other >> 32) + (middle >> 32), (middle << 32) | (low & 0xFFFFFFFF)};
#endif
}

/* Round digits * 10**power, digits not 0, correctly to a double; return 0 where this method cannot tell. */
static int rounded(const uint64_t *powers, uint64_t value, int32_t power, double *result)
{
    if (power < -342 || power > 308)
        return 0;
    int zeros = 0;
    while (!(value >> 63)) {
        value <<= 1;
        zeros++;
    }
    const uint64_t *entry = powers + 2 * (power + 342);
    Wide product = multiplied(value, entry[0]);
    if ((product.high & 0x1FF) == 0x1FF) {
        Wide rest = multiplied(value, entry[1]);
        product.low += rest.high;
        product.high += rest.high > product.low;
        if (product.low == UINT64_MAX && (power < -27 || power > 55))
            return 0;
    }
    int upper = (int)(product.high >> 63);
    uint64_t mantissa = product.high >> (upper + 9);
    int32_t binary = (int32_t)(((152170 + 65536) * (int64_t)power) >> 16) + 63 + upper - zeros + 1023;
    if (binary <= 0 || binary >= 2046)
        return 0; /* subnormal or too large: rare enough for Python */
    if (product.low <= 1 && power >= -4 && power <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == product.high)
        mantissa &= ~(uint64_t)1; /* exactly between two doubles: to the even one */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> 53) {
        mantissa = (uint64_t)1 << 52;
        binary++;
    }
    uint64_t bits = (mantissa & ~((uint64_t)1 << 52)) | (uint64_t)binary << 52;
    memcpy(result, &bits, sizeof bits);
    return 1;
}

/* The double that Python's float() gives, or 0 if that is left to Python. */
static inline int value_of(const uint64_t *powers, const Printed *printed, double *result)
{
    double value;
    if (printed->count > 19)
        return 0;
    if (printed->digits <= (uint64_t)1 << 53 && printed->power >= -22 && printed->power <= 22) {
        value = (double)printed->digits;
        if (printed->power < 0)
            value /= EXACT[-printed->power];
        else
            value *= EXACT[printed->power];
    } else if (printed->digits == 0) {
        value = 0.0;
    } else if (powers == NULL || !rounded(powers, printed->digits, printed->power, &value)) {
        return 0;
    }
    *result = printed->negative ? -value : value;
    return 1;
}

/* ---- templates -------------------------------------------------------------------------------------------------- */

/* The variable parts of a line, from left to right. */
typedef struct {
    struct { const uint8_t *start, *end; int32_t operation; Printed printed; } at[MOST_VARIABLES];
    int count;
} Parts;

/* Find a template for the line at `line`; return its number, or -1. `end` is behind the line's newline. */
static int32_t find(const Scanner *self, const uint8_t *line, const uint8_t *end, Parts *parts)
{
    struct { const uint8_t *at; int32_t node; int count; } retries[MOST_RETRIES];
    int waiting = 0, count = 0;
    const uint8_t *at = line;
    int32_t here = self->node_count ? 0 : -1;
    for (;;) {
        const uint8_t *after = NULL;
        if (here >= 0) {
            const Node *node = self->nodes + here;
            switch (node->operation) {
            case LITERAL:
                if (node->length <= end - at && memcmp(at, self->texts + node->text, (size_t)node->length) == 0)
                    after = at + node->length;
                break;
            case RUN: {
                const uint8_t *stop = at;
                while (is_digit(*stop))
                    stop++;
                if (stop - at >= node->low && stop - at <= node->high)
                    after = stop;
                break;
            }
            case NUMBER:
                if (count < MOST_VARIABLES) {
                    after = number(at, &parts->at[count].printed);
                    if (after != NULL && (parts->at[count].printed.shape & ~node->low))
                        after = NULL;
                }
                break;
            case BLANKS: {
                const uint8_t *stop = at;
                while (*stop == ' ')
                    stop++;
                if (stop - at >= node->low && stop - at <= node->high)
                    after = stop;
                break;
            }
            case END: {
                const uint8_t *stop = at;
                while (*stop == '\r')
                    stop++;
                if (*stop == '\n' && stop + 1 == end) {
                    parts->count = count;
                    return node->low;
                }
                break;
            }
            }
            if (after != NULL && node->operation != LITERAL) {
                if (count == MOST_VARIABLES) {
                    after = NULL;
                } else {
                    parts->at[count].start = at;
                    parts->at[count].end = after;
                    parts->at[count].operation = node->operation;
                }
            }
            if (after != NULL) {
                if (node->other >= 0 && waiting < MOST_RETRIES) {
                    retries[waiting].at = at;
                    retries[waiting].node = node->other;
                    retries[waiting++].count = count;
                }
                count += node->operation != LITERAL;
                at = after;
                here = node->next;
                continue;
            }
            here = node->other;
            if (here >= 0)
                continue;
        }
        if (waiting == 0)
            return -1;
        waiting--;
        at = retries[waiting].at;
        here = retries[waiting].node;
        count = retries[waiting].count;
    }
}

/* The value of a variable part; 0 if it is left to Python. */
static inline int part_value(const Scanner *self, const Parts *parts, int which, double *value)
{
    if (which >= parts->count || parts->at[which].operation == BLANKS)
        return 0;
    if (parts->at[which].operation == NUMBER)
        return value_of(self->powers, &parts->at[which].printed, value);
    Printed printed = {0, 0, 0, 0, 0};
    digits(parts->at[which].start, &printed);
    return value_of(self->powers, &printed, value);
}

/* Store a row; return 1 if stored, 0 if the line is one for Python, -1 if there is no room. */
static int store(Scanner *self, Template *template, Parts *parts, Py_ssize_t line)
{
    double major = 0.0, minor = 0.0, value;
    if (template->major >= 0 && !part_value(self, parts, template->major, &major))
        return 0;
    if (template->minor >= 0 && !part_value(self, parts, template->minor, &minor))
        return 0;
    if (template->minor >= 0 && !(major > self->major || (major == self->major && minor > self->minor)))
        return 0;
    if (template->minor < 0 && template->major >= 0 && major < self->major)
        return 0;
    if (template->constant >= 0 &&
        (!part_value(self, parts, template->constant, &value) || value != template->expected))
        return 0;
    if (template->count == template->room)
        return -1;
    double *row = template->rows + template->count * template->width;
    row[0] = (double)line;
    if (template->minor < 0) {
        minor = self->minor;
        if (template->major < 0)
            major = self->major;
    }
    row[1] = major;
    row[2] = minor;
    for (int column = FIRST_COLUMN; column < template->width; column++) {
        if (!part_value(self, parts, template->columns[column], &value) || (template->forbids && value == -1.0))
            return 0;
        row[column] = value;
    }
    template->count++;
    self->major = major;
    self->minor = minor;
    return 1;
}

/* ---- the walk --------------------------------------------------------------------------------------------------- */

enum { NO_MORE, A_LINE, FULL };

typedef struct {
    const uint8_t *line, *after;
    Py_ssize_t number;
    int32_t template;
} Stop;

static int wanted(const Scanner *self, const uint8_t *at, const uint8_t *end)
{
    if (self->gate == NULL)
        return 1;
    uint32_t state = 0, width = (uint32_t)self->gate_classes;
    while (end > at && end[-1] == '\r')
        end--; /* a part of the line's end; anywhere else it overwrites */
    for (; at < end; at++) {
        state = self->gate[state * width + self->classes[*at]];
        if (state == 1)
            return 1;
    }
    return self->gate[state * width + self->classes['\n']] == 1;
}

static int walk(Scanner *self, const uint8_t *at, const uint8_t *end, Py_ssize_t number, int everything, Parts *parts,
                Stop *stop)
{
    for (; at < end; number++) {
        const uint8_t *after = memchr(at, '\n', (size_t)(end - at));
        after = after == NULL ? end : after + 1;
        int32_t found = find(self, at, after, parts);
        *stop = (Stop){at, after, number, found};
        if (found >= 0 && !everything && self->templates[found].enabled) {
            int stored = store(self, &self->templates[found], parts, number);
            if (stored < 0)
                return FULL;
            if (stored == 0)
                return A_LINE;
        } else if (found >= 0 || everything || wanted(self, at, after - 1)) {
            return A_LINE;
        }
        at = after;
    }
    *stop = (Stop){at, at, number, -1};
    return NO_MORE;
}

/* ---- overwritten states ----------------------------------------------------------------------------------------- */

enum { HEAD_CHARACTERS = 24, HEAD_LENGTH = 4, UNSURE = 0 };

/* Return what stands behind an escape sequence `ESC [ ... letter`, or NULL for any other, or one that moves up. */
static const uint8_t *behind_escape(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 3 || at[1] != '[')
        return NULL;
    for (at += 2; at < end; at++) {
        if (*at >= '@' && *at <= '~')
            return *at == 'A' || *at == 'F' ? NULL : at + 1;
        if (!is_digit(*at) && *at != ';' && *at != '?')
            return NULL;
    }
    return NULL;
}

/* The first four characters of a state, its numbers blanked, as one number; UNSURE if that takes Python to tell.
   sources/lines.py compares the same: two neighbours with equal heads are states of one bar. Of all characters beyond
   ASCII only those that bars are drawn with are told (U+2500 to U+259F, E2 94 80 to E2 96 9F in UTF-8). */
static uint64_t head_of(const uint8_t *at, const uint8_t *end)
{
    uint64_t head = 1;
    int seen = 0, length = 0, in_number = 0;
    while (at < end && length < HEAD_LENGTH && seen < HEAD_CHARACTERS) {
        uint32_t character = *at;
        if (character == 0x1b) {
            at = behind_escape(at, end);
            if (at == NULL)
                return UNSURE;
            continue;
        }
        if (seen == 0 && (character == ' ' || character == '\t')) {
            at++;
            continue;
        }
        if (character == 0xe2 && seen && end - at > 2 && at[1] >= 0x94 && at[1] <= 0x96 && (at[2] & 0xc0) == 0x80) {
            character = (uint32_t)(at[1] << 6 | (at[2] & 0x3f));
            at += 2;
        } else if (character >= 0x7f || (character < ' ' && character != '\t')) {
            return UNSURE;
        }
        at++;
        seen++;
        if (character < 0x7f && is_digit((uint8_t)character)) {
            if (in_number)
                continue;
            in_number = 1;
            character = '0';
        } else {
            in_number = 0;
        }
        head = head << 15 | character;
        length++;
    }
    return length == HEAD_LENGTH ? head : UNSURE;
}

/* Whether the cursor moves up inside a state, which makes it several. */
static int moves_up(const uint8_t *at, const uint8_t *end)
{
    while ((at = memchr(at, 0x1b, (size_t)(end - at))) != NULL) {
        at = behind_escape(at, end);
        if (at == NULL)
            return 1;
    }
    return 0;
}

static inline int overwrites(uint8_t byte) { return byte == '\r' || byte == '\b'; }

/* Drop from one line every state whose successor has the same head; write the rest to `to` and return its end.
   Of an unfinished line the last state is left as it is, and never makes its predecessor drop out by itself. */
static uint8_t *fold_line(const uint8_t *at, const uint8_t *end, uint8_t *to)
{
    const uint8_t *const begin = to;
    const uint8_t *kept = at, *kept_end = at; /* a state that waits for its successor's head, with what overwrites it */
    uint64_t kept_head = UNSURE;
    while (at < end) {
        const uint8_t *text_end = memchr(at, '\r', (size_t)(end - at));
        if (text_end == NULL)
            text_end = end;
        const uint8_t *back = memchr(at, '\b', (size_t)(text_end - at));
        if (back != NULL)
            text_end = back;
        const uint8_t *after = text_end;
        while (after < end && overwrites(*after))
            after++;
        uint64_t head = head_of(at, text_end);
        if (head != UNSURE && moves_up(at, text_end))
            head = UNSURE;
        if (head == UNSURE || head != kept_head) {
            memmove(to, kept, (size_t)(kept_end - kept));
            to += kept_end - kept;
        } else if (to == begin) {
            *to++ = '\r'; /* the line keeps a sign that something was overwritten */
        }
        kept = at;
        kept_end = after;
        kept_head = head;
        at = after;
    }
    memmove(to, kept, (size_t)(kept_end - kept));
    return to + (kept_end - kept);
}

static uint8_t *fold(uint8_t *at, uint8_t *end)
{
    if (memchr(at, '\r', (size_t)(end - at)) == NULL && memchr(at, '\b', (size_t)(end - at)) == NULL)
        return end;
    uint8_t *to = at;
    while (at < end) {
        uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
        uint8_t *stop = line_end == NULL ? end : line_end;
        to = fold_line(at, stop, to);
        if (line_end == NULL)
            break;
        *to++ = '\n';
        at = line_end + 1;
    }
    return to;
}

/* ---- for Python ------------------------------------------------------------------------------------------------- */

static void forget_rows(Scanner *self)
{
    for (int32_t i = 0; i < self->template_count; i++)
        free(self->templates[i].rows);
    free(self->templates);
    self->templates = NULL;
    self->template_count = 0;
}

static void scanner_dealloc(PyObject *object)
{
    Scanner *self = (Scanner *)object;
    forget_rows(self);
    free(self->nodes);
    free(self->texts);
    free(self->gate);
    free(self->powers);
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* The scanner, or NULL with an error set if another thread walks with it. */
static Scanner *idle(PyObject *object)
{
    Scanner *self = (Scanner *)object;
    if (!self->busy)
        return self;
    PyErr_SetString(PyExc_RuntimeError, "another thread uses this scanner");
    return NULL;
}

static void *copied(const Py_buffer *view)
{
    void *copy = malloc(view->len ? (size_t)view->len : 1);
    if (copy == NULL)
        PyErr_NoMemory();
    else
        memcpy(copy, view->buf, (size_t)view->len);
    return copy;
}

PyDoc_STRVAR(load_doc, "load(nodes, texts, templates): replace the program; rows and settings of known templates stay.");
static PyObject *scanner_load(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    Py_buffer nodes, texts;
    int count;
    if (self == NULL || !PyArg_ParseTuple(args, "y*y*i", &nodes, &texts, &count))
        return NULL;
    PyObject *result = NULL;
    int32_t total = (int32_t)(nodes.len / (Py_ssize_t)sizeof(Node));
    const Node *given = nodes.buf;
    if (nodes.len % (Py_ssize_t)sizeof(Node) || count < self->template_count) {
        PyErr_SetString(PyExc_ValueError, "a program of whole nodes, with no fewer templates than before");
        goto done;
    }
    for (int32_t i = 0; i < total; i++) {
        const Node *n = given + i;
        int ends = n->operation == END;
        if (n->operation < LITERAL || n->operation > END || n->other >= total || n->other < -1 ||
            (n->other >= 0 && n->other <= i) || (!ends && (n->next <= i || n->next >= total)) ||
            (ends && (n->low < 0 || n->low >= count)) ||
            (n->operation == LITERAL && (n->text < 0 || n->length < 1 || n->length > texts.len - n->text)) ||
            (n->operation == LITERAL && memchr((const char *)texts.buf + n->text, '\n', (size_t)n->length) != NULL)) {
            PyErr_SetString(PyExc_ValueError, "a node points backward or outside its program, or a literal holds a newline");
            goto done;
        }
    }
    Node *new_nodes = copied(&nodes);
    uint8_t *new_texts = new_nodes == NULL ? NULL : copied(&texts);
    Template *new_templates = new_texts == NULL ? NULL : calloc((size_t)count + 1, sizeof(Template));
    if (new_templates == NULL) {
        free(new_nodes);
        free(new_texts);
        PyErr_NoMemory();
        goto done;
    }
    if (self->template_count)
        memcpy(new_templates, self->templates, (size_t)self->template_count * sizeof(Template));
    free(self->templates);
    free(self->nodes);
    free(self->texts);
    self->templates = new_templates;
    self->template_count = count;
    self->nodes = new_nodes;
    self->texts = new_texts;
    self->node_count = total;
    result = Py_NewRef(Py_None);
done:
    PyBuffer_Release(&nodes);
    PyBuffer_Release(&texts);
    return result;
}

PyDoc_STRVAR(set_gate_doc, "set_gate(classes, table): an automaton over classes of bytes; lines that reach state 1 are wanted.");
static PyObject *scanner_set_gate(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    Py_buffer classes, table;
    if (self == NULL || !PyArg_ParseTuple(args, "y*y*", &classes, &table))
        return NULL;
    PyObject *result = NULL;
    int width = 0;
    if (classes.len == 256)
        for (int i = 0; i < 256; i++)
            if (((const uint8_t *)classes.buf)[i] >= width)
                width = ((const uint8_t *)classes.buf)[i] + 1;
    Py_ssize_t states = width ? table.len / (2 * width) : 0;
    int whole = states > 1 && table.len == states * 2 * width;
    for (Py_ssize_t i = 0; whole && i < states * width; i++)
        whole = ((const uint16_t *)table.buf)[i] < states;
    if (!whole) {
        PyErr_SetString(PyExc_ValueError, "a gate points outside its table");
    } else {
        uint16_t *copy = copied(&table);
        if (copy != NULL) {
            free(self->gate);
            self->gate = copy;
            memcpy(self->classes, classes.buf, 256);
            self->gate_states = (int32_t)states;
            self->gate_classes = width;
            result = Py_NewRef(Py_None);
        }
    }
    PyBuffer_Release(&classes);
    PyBuffer_Release(&table);
    return result;
}

PyDoc_STRVAR(set_powers_doc, "set_powers(table): powers of ten from -342 to 308 as pairs of 64 bits, high half first.");
static PyObject *scanner_set_powers(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    Py_buffer table;
    if (self == NULL || !PyArg_ParseTuple(args, "y*", &table))
        return NULL;
    uint64_t *copy = NULL;
    if (table.len == (342 + 308 + 1) * 16)
        copy = copied(&table);
    else
        PyErr_SetString(PyExc_ValueError, "651 powers of 16 bytes");
    PyBuffer_Release(&table);
    if (copy == NULL)
        return NULL;
    free(self->powers);
    self->powers = copy;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(match_doc, "match(line): the template of a line without its newline and where its variable parts end, or None.");
static PyObject *scanner_match(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    const char *text;
    Py_ssize_t length;
    if (self == NULL || !PyArg_ParseTuple(args, "y#", &text, &length))
        return NULL;
    uint8_t small[2048];
    uint8_t *line = length < (Py_ssize_t)sizeof small ? small : malloc((size_t)length + 1);
    Parts *parts = malloc(sizeof *parts);
    PyObject *result = NULL;
    if (line == NULL || parts == NULL) {
        PyErr_NoMemory();
    } else {
        memcpy(line, text, (size_t)length);
        line[length] = '\n';
        int32_t found = memchr(text, '\n', (size_t)length) ? -1 : find(self, line, line + length + 1, parts);
        if (found < 0 || (length > 0 && line[length - 1] == '\r')) {
            result = Py_NewRef(Py_None);
        } else {
            PyObject *ends = PyTuple_New(parts->count);
            for (int i = 0; ends != NULL && i < parts->count; i++) {
                PyObject *end = PyLong_FromSsize_t(parts->at[i].end - line);
                if (end == NULL || PyTuple_SetItem(ends, i, end) < 0)
                    Py_CLEAR(ends);
            }
            if (ends != NULL)
                result = Py_BuildValue("(iN)", (int)found, ends);
        }
    }
    if (line != small)
        free(line);
    free(parts);
    return result;
}

PyDoc_STRVAR(enable_doc, "enable(template, columns, major, minor, constant, expected, forbids): store rows of a template.\n\n"
             "columns: variable parts to store. major, minor: parts that must rise. constant: one that must be expected.\n"
             "forbids: whether a value of -1 hands the line over. -1 stands for no part.");
static PyObject *scanner_enable(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    int which, major, minor, constant, forbids;
    double expected;
    PyObject *columns;
    if (self == NULL || !PyArg_ParseTuple(args, "iOiiidp", &which, &columns, &major, &minor, &constant, &expected, &forbids))
        return NULL;
    Py_ssize_t count = PySequence_Size(columns);
    if (count < 0)
        return NULL;
    if (which < 0 || which >= self->template_count || count > MOST_VARIABLES - FIRST_COLUMN || self->templates[which].count) {
        PyErr_SetString(PyExc_ValueError, "no such template, too many columns, or rows not taken yet");
        return NULL;
    }
    Template *template = &self->templates[which];
    template->enabled = 0;
    template->width = (int)count + FIRST_COLUMN;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(columns, i);
        long column = item == NULL ? -1 : PyLong_AsLong(item);
        Py_XDECREF(item);
        if (column < 0 || column >= MOST_VARIABLES) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a column is a variable part");
            return NULL;
        }
        template->columns[i + FIRST_COLUMN] = (int)column;
    }
    if (major >= MOST_VARIABLES || minor >= MOST_VARIABLES || constant >= MOST_VARIABLES) {
        PyErr_SetString(PyExc_ValueError, "a counter is a variable part");
        return NULL;
    }
    template->major = major;
    template->minor = minor;
    template->constant = constant;
    template->expected = expected;
    template->forbids = forbids;
    free(template->rows);
    template->room = DOUBLES_OF_A_TEMPLATE / template->width;
    template->rows = malloc((size_t)template->room * (size_t)template->width * sizeof(double));
    if (template->rows == NULL)
        return PyErr_NoMemory();
    template->enabled = 1;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(disable_doc, "disable(): store no rows until templates are enabled again; rows not taken stay.");
static PyObject *scanner_disable(PyObject *object, PyObject *unused)
{
    Scanner *self = idle(object);
    if (self == NULL)
        return NULL;
    for (int32_t i = 0; i < self->template_count; i++)
        self->templates[i].enabled = 0;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(take_doc, "take(template): its rows as bytes of doubles: line, counters, columns; they are forgotten here.");
static PyObject *scanner_take(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    int which;
    if (self == NULL || !PyArg_ParseTuple(args, "i", &which))
        return NULL;
    if (which < 0 || which >= self->template_count) {
        PyErr_SetString(PyExc_ValueError, "no such template");
        return NULL;
    }
    Template *template = &self->templates[which];
    PyObject *rows = PyBytes_FromStringAndSize((const char *)template->rows,
                                               template->count * template->width * (Py_ssize_t)sizeof(double));
    if (rows != NULL)
        template->count = 0;
    return rows;
}

PyDoc_STRVAR(counters_doc, "counters(): the counters of the last row.");
static PyObject *scanner_counters(PyObject *object, PyObject *unused)
{
    Scanner *self = idle(object);
    if (self == NULL)
        return NULL;
    return Py_BuildValue("(dd)", self->major, self->minor);
}

PyDoc_STRVAR(set_counters_doc, "set_counters(major, minor): what the next row must be above.");
static PyObject *scanner_set_counters(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    if (self == NULL || !PyArg_ParseTuple(args, "dd", &self->major, &self->minor))
        return NULL;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(walk_doc, "walk(block, start, end, line, everything): go on to the next line that is for Python.\n\n"
             "The block is whole lines up to end. Returns what stopped the walk (0 the end, 1 a line, 2 no more room for rows),\n"
             "the line's start and end, its number, and its template or -1.");
static PyObject *scanner_walk(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    Py_buffer block;
    Py_ssize_t start, end, number;
    int everything;
    if (self == NULL || !PyArg_ParseTuple(args, "y*nnnp", &block, &start, &end, &number, &everything))
        return NULL;
    const uint8_t *bytes = block.buf;
    Parts *parts = malloc(sizeof *parts);
    PyObject *result = NULL;
    if (parts == NULL) {
        PyErr_NoMemory();
    } else if (start < 0 || start > end || end > block.len || (end > start && bytes[end - 1] != '\n')) {
        PyErr_SetString(PyExc_ValueError, "whole lines of the block");
    } else {
        Stop stop;
        int reason;
        self->busy = 1;
        Py_BEGIN_ALLOW_THREADS
        reason = walk(self, bytes + start, bytes + end, number, everything, parts, &stop);
        Py_END_ALLOW_THREADS
        self->busy = 0;
        result = Py_BuildValue("(innni)", reason, (Py_ssize_t)(stop.line - bytes), (Py_ssize_t)(stop.after - bytes),
                               stop.number, (int)stop.template);
    }
    free(parts);
    PyBuffer_Release(&block);
    return result;
}

PyDoc_STRVAR(fold_doc, "fold(block, start, end): drop overwritten states in place; the end of what remains.");
static PyObject *module_fold(PyObject *module, PyObject *args)
{
    Py_buffer block;
    Py_ssize_t start, end;
    if (!PyArg_ParseTuple(args, "w*nn", &block, &start, &end))
        return NULL;
    if (start < 0 || start > end || end > block.len) {
        PyBuffer_Release(&block);
        PyErr_SetString(PyExc_ValueError, "a part of the block");
        return NULL;
    }
    uint8_t *bytes = block.buf, *stop;
    Py_BEGIN_ALLOW_THREADS
    stop = fold(bytes + start, bytes + end);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&block);
    return PyLong_FromSsize_t(stop - bytes);
}

PyDoc_STRVAR(float_doc, "number(text, powers): the double of a printed number as the kernel reads it, or None if it leaves it open.");
static PyObject *module_number(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t length;
    Py_buffer powers;
    if (!PyArg_ParseTuple(args, "y#y*", &text, &length, &powers))
        return NULL;
    Printed printed = {0, 0, 0, 0, 0};
    double value = 0;
    /* Bytes objects end in a NUL, which ends every number. */
    const uint8_t *after = powers.len == 651 * 16 ? number((const uint8_t *)text, &printed) : NULL;
    int known = after == (const uint8_t *)text + length && value_of(powers.buf, &printed, &value);
    PyBuffer_Release(&powers);
    return known ? PyFloat_FromDouble(value) : Py_NewRef(Py_None);
}

static PyMethodDef scanner_methods[] = {
    {"load", scanner_load, METH_VARARGS, load_doc},
    {"set_gate", scanner_set_gate, METH_VARARGS, set_gate_doc},
    {"set_powers", scanner_set_powers, METH_VARARGS, set_powers_doc},
    {"match", scanner_match, METH_VARARGS, match_doc},
    {"enable", scanner_enable, METH_VARARGS, enable_doc},
    {"disable", scanner_disable, METH_NOARGS, disable_doc},
    {"take", scanner_take, METH_VARARGS, take_doc},
    {"counters", scanner_counters, METH_NOARGS, counters_doc},
    {"set_counters", scanner_set_counters, METH_VARARGS, set_counters_doc},
    {"walk", scanner_walk, METH_VARARGS, walk_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot scanner_slots[] = {
    {Py_tp_doc, "Templates, and the rows that were read by them."},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_methods, scanner_methods},
    {0, NULL},
};

static PyType_Spec scanner_spec = {
    .name = "diagnose.scan._kernel.Scanner",
    .basicsize = sizeof(Scanner),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = scanner_slots,
};

static PyMethodDef module_methods[] = {
    {"fold", module_fold, METH_VARARGS, fold_doc},
    {"number", module_number, METH_VARARGS, float_doc},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &scanner_spec, NULL);
    if (type == NULL)
        return -1;
    int failed = PyModule_AddObjectRef(module, "Scanner", type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "diagnose.scan._kernel",
    .m_doc = "Line templates replayed over bytes.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
