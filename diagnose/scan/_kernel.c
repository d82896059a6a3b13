/* Replays line templates over bytes; knows no log format.

   A program is a trie of templates, made by diagnose/scan/trie.py from what Lark has parsed. Three things are done with it:
   `match` finds the template of one line and where its variable parts end; `walk` goes through a block of lines, stores
   the numbers of lines whose template is enabled as rows of doubles, drops lines that nobody wants and hands every other
   line to Python; `fold` drops states of progress bars that a later one overwrites.

   What is read ends with a newline, and no literal holds one: so loops over digits and blanks need not look for the end.
   Behind the newline stand SLACK readable bytes, so that texts are compared eight bytes at a time, and sixteen digits taken
   at once. scan/pure.py does the same in Python; tests hold the two equal. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLACK = 16 };

#include "numbers.h"
#include "values.h"
#include "templates.h"
#include "gates.h"
#include "rows.h"
#include "luck.h"
#include "alike.h"
#include "remembered.h"
#include "ways.h"
#include "fold.h"
#include "overwritten.h"
#include "parted.h"
#include "thinning.h"
#include "merging.h"

typedef struct {
    PyObject_HEAD
    Program program;
    Template *templates;
    int32_t *ends;            /* the last step of each */
    int32_t template_count;
    int32_t *path;            /* room for all steps */
    int busy;                 /* whether a walk is under way, without the GIL */
    Counters counters;        /* of the last row */
    Counted counted;          /* where the last walk stopped */
    Gate gates[2];            /* of single lines, and of the lines that end a passage */
    Alikes alikes;            /* rows that came lately */
    Way way;                  /* of the last row */
    uint64_t *powers;         /* 128 bits of every power of ten from -342 to 308, high half first */
} Scanner;

/* ---- the walk --------------------------------------------------------------------------------------------------- */

enum { NO_MORE, A_LINE, FULL };

/* What is handed to Python: what is wanted and no row; every line; what is wanted and rows, too; what ends a passage. */
enum { WANTED, EVERYTHING, NO_ROWS, PASSAGE };

typedef struct {
    const uint8_t *line, *after;
    Py_ssize_t number;
    int64_t lines;            /* that end before it, where it is a state */
    int32_t template;
} Stop;

/* Store the row of a line whose last step is known. */
static int store_line(Scanner *self, int32_t last, const uint8_t *line, const uint8_t *after, Printed *printed, Py_ssize_t number)
{
    Template *template = &self->templates[self->program.steps[last].low];
    if (template->hidden) {
        Part parts[MOST_VARIABLES];
        int count = find_parts(&self->program, last, line, self->path, parts);
        read_hidden(parts, count, printed);
        if (template->last_part >= count)
            return 0;
    }
    return store(template, &self->counters, self->powers, printed, number, line, after - line);
}

static int walk(Scanner *self, const uint8_t *at, const uint8_t *end, Py_ssize_t number, int mode, const States *states,
                Stop *stop)
{
    const Py_ssize_t last_state = states->count;
    int64_t lines = lines_before(states, &self->counted, number);
    Printed printed[MOST_VARIABLES + 1];
    Gate *gate = &self->gates[mode == PASSAGE];
    for (; at < end; lines += number <= last_state ? states->told[number - 1] & ENDS_LINE : 0, number++) {
        if (number <= last_state) /* rows get these for counters of their own, which they do not have */
            self->counters = (Counters){(double)(lines + 1), states->told[number - 1] & OVERWRITTEN ? 1.0 : 0.0};
        int32_t last = -1;
        const uint8_t *after = NULL;
        Way *way = &self->way;
        int may_match = mode != PASSAGE && self->program.starts[*at], may_be_row = may_match && mode == WANTED;
        int goes = may_be_row && tries(&way->luck) && way->count && way->ends != at && self->templates[way->template].enabled;
        if (may_be_row && tries(&self->alikes.luck)) {
            after = repeated(&self->alikes, self->templates, &self->counters, self->powers, at, end, !goes, number, printed);
            if (after != NULL) {
                at = after;
                continue;
            }
        }
        if (goes) {
            Template *template = &self->templates[way->template];
            const int rows = gone(way, &self->program, template, &self->counters, self->powers, at, end, number,
                                  1 + self->alikes.luck.idle, printed, &after);
            if (rows > 0) {
                remember_alike(&self->alikes, &self->program, template, way->legs[way->count - 1].index, at, after - at, rows,
                               self->path);
                number += rows - 1;
                at = after;
                continue;
            }
        }
        if (may_match)
            last = find(&self->program, at, printed, &after);
        if (last >= 0 && mode == WANTED && self->templates[self->program.steps[last].low].enabled) {
            int stored = store_line(self, last, at, after, printed, number);
            if (stored <= 0) {
                *stop = (Stop){at, after, number, lines, self->program.steps[last].low};
                return stored ? FULL : A_LINE;
            }
            const Template *template = &self->templates[self->program.steps[last].low];
            remember_alike(&self->alikes, &self->program, template, last, at, after - at, 1, self->path);
            if (self->powers != NULL)
                remember_way(&self->way, &self->program, template, last);
        } else {
            if (last < 0)
                after = (const uint8_t *)memchr(at, '\n', (size_t)(end - at)) + 1;
            if (last >= 0 || mode == EVERYTHING || wanted(gate, at, after - 1)) {
                if (mode == PASSAGE)
                    last = find(&self->program, at, printed, &after);
                *stop = (Stop){at, after, number, lines, last < 0 ? -1 : self->program.steps[last].low};
                return A_LINE;
            }
        }
        at = after;
    }
    *stop = (Stop){at, at, number, lines, -1};
    return NO_MORE;
}

/* ---- for Python ------------------------------------------------------------------------------------------------- */

static void release_table(Table *table)
{
    if (table != NULL) {
        Py_XDECREF(table->block);
        free(table->lines);
    }
    free(table);
}

static void forget_rows(Scanner *self)
{
    for (int32_t i = 0; i < self->template_count; i++)
        if (!self->templates[i].joined)
            release_table(self->templates[i].table);
    free(self->templates);
    self->templates = NULL;
    self->template_count = 0;
}

static void scanner_dealloc(PyObject *object)
{
    Scanner *self = (Scanner *)object;
    forget_rows(self);
    release(&self->program);
    for (int i = 0; i < MOST_ALIKE; i++)
        free(self->alikes.each[i]);
    free(self->ends);
    free(self->path);
    for (int i = 0; i < 2; i++) {
        free(self->gates[i].table);
        free(self->gates[i].dull);
        free(self->gates[i].words);
    }
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

/* Whether nodes are a tree in which all that follows a node stands behind it, each template ends once, and the texts are
   there. */
static int is_tree(const Node *nodes, int32_t total, int32_t count, const char *texts, Py_ssize_t length)
{
    uint8_t *led_to = calloc((size_t)total + (size_t)count, 1), *ended = led_to + total;
    int fine = led_to != NULL;
    for (int32_t i = 0; fine && i < total; i++) {
        const Node *n = nodes + i;
        int ends = n->operation == END;
        fine = n->operation >= LITERAL && n->operation <= END && n->other >= -1 && n->other < total &&
               (n->other < 0 || n->other > i) && (ends || (n->next > i && n->next < total)) &&
               (!ends || (n->low >= 0 && n->low < count)) &&
               (n->operation != LITERAL ||
                (n->text >= 0 && n->length > 0 && n->length <= length - n->text &&
                 memchr(texts + n->text, '\n', (size_t)n->length) == NULL));
        if (fine && n->other >= 0)
            fine = !led_to[n->other]++;
        if (fine)
            fine = ends ? !ended[n->low]++ : !led_to[n->next]++;
    }
    free(led_to);
    return fine;
}

/* Note with which step each template ends. */
static void note_ends(Scanner *self)
{
    for (int32_t i = 0; i < self->template_count; i++)
        self->ends[i] = -1;
    for (int32_t i = 0; i < self->program.count; i++)
        if (self->program.steps[i].last == END)
            self->ends[self->program.steps[i].low] = i;
    for (int32_t i = 0; i < self->template_count; i++)
        if (self->templates[i].enabled)
            settle(&self->program, self->ends[i], &self->templates[i]);
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
    if (total < 1 ? total < 0 : !is_tree(given, total, count, texts.buf, texts.len)) {
        PyErr_SetString(PyExc_ValueError, "a node points backward or outside its program, or a literal holds a newline");
        goto done;
    }
    Program program = {NULL, 0, NULL, NULL, {0}};
    Template *templates = calloc((size_t)count + 1, sizeof(Template));
    int32_t *ends = calloc((size_t)count + 1, sizeof(int32_t)), *path = malloc(((size_t)total + 1) * sizeof(int32_t));
    if (templates == NULL || ends == NULL || path == NULL || !prepare(&program, given, total, texts.buf)) {
        free(templates);
        free(ends);
        free(path);
        PyErr_NoMemory();
        goto done;
    }
    if (self->template_count)
        memcpy(templates, self->templates, (size_t)self->template_count * sizeof(Template));
    free(self->templates);
    free(self->ends);
    free(self->path);
    release(&self->program);
    self->templates = templates;
    self->ends = ends;
    self->path = path;
    self->template_count = count;
    self->program = program;
    forget_alike(&self->alikes, -1);
    forget_way(&self->way);
    note_ends(self);
    result = Py_NewRef(Py_None);
done:
    PyBuffer_Release(&nodes);
    PyBuffer_Release(&texts);
    return result;
}

PyDoc_STRVAR(set_gate_doc, "set_gate(classes, table, borders=False): an automaton over classes of bytes; lines that reach state 1\n"
             "are wanted. borders: it is for the lines that end a passage.");
static PyObject *scanner_set_gate(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    Py_buffer classes, table;
    int borders = 0;
    if (self == NULL || !PyArg_ParseTuple(args, "y*y*|p", &classes, &table, &borders))
        return NULL;
    PyObject *result = NULL;
    int width = 0;
    if (classes.len == 256)
        for (int i = 0; i < 256; i++)
            if (((const uint8_t *)classes.buf)[i] >= width)
                width = ((const uint8_t *)classes.buf)[i] + 1;
    Py_ssize_t states = width ? table.len / (2 * width) : 0;
    int whole = states > 1 && table.len == states * 2 * width;
    uint16_t most = 0; // a loop without a way out is done several states at a time
    for (Py_ssize_t i = 0; whole && i < states * width; i++)
        most = ((const uint16_t *)table.buf)[i] > most ? ((const uint16_t *)table.buf)[i] : most;
    whole &= most < states;
    if (!whole) {
        PyErr_SetString(PyExc_ValueError, "a gate points outside its table");
    } else {
        uint16_t *copy = copied(&table);
        if (copy != NULL) {
            Gate *gate = &self->gates[borders];
            int alike = 1;
            memcpy(gate->classes, classes.buf, 256);
            for (int digit = '0'; digit <= '9'; digit++)
                alike &= gate->classes[digit] == gate->classes['0'];
            free(gate->table);
            gate->table = copy;
            gate->width = (uint32_t)width;
            gate->blank = alike ? 0x0F : 0;
            forget_dull(gate);
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
    uint8_t *line = length <= (Py_ssize_t)sizeof small - 1 - SLACK ? small : malloc((size_t)length + 1 + SLACK);
    if (line == NULL)
        return PyErr_NoMemory();
    memcpy(line, text, (size_t)length);
    line[length] = '\n';
    memset(line + length + 1, 0, SLACK);
    Part parts[MOST_VARIABLES];
    Printed printed[MOST_VARIABLES + 1];
    const uint8_t *after;
    int32_t found = find(&self->program, line, printed, &after);
    PyObject *result = NULL;
    if (found < 0 || after != line + length + 1 || (length > 0 && line[length - 1] == '\r')) {
        result = Py_NewRef(Py_None);
    } else {
        int count = find_parts(&self->program, found, line, self->path, parts);
        PyObject *ends = PyTuple_New(count);
        for (int i = 0; ends != NULL && i < count; i++) {
            PyObject *end = PyLong_FromSsize_t(parts[i].end - line);
            if (end == NULL || PyTuple_SetItem(ends, i, end) < 0)
                Py_CLEAR(ends);
        }
        if (ends != NULL)
            result = Py_BuildValue("(iN)", (int)self->program.steps[found].low, ends);
    }
    if (line != small)
        free(line);
    return result;
}

/* Take what the parts of a row are checked for: (part, value, whether it must be that value); -1 on error. */
static int take_checks(Template *template, PyObject *checks)
{
    Py_ssize_t count = checks == NULL ? 0 : PySequence_Size(checks);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(checks, i), *arguments = item == NULL ? NULL : PySequence_Tuple(item);
        Check check = {-1, 0, 0.0};
        int taken = arguments != NULL && PyArg_ParseTuple(arguments, "idp", &check.part, &check.value, &check.equal);
        Py_XDECREF(item);
        Py_XDECREF(arguments);
        if (!taken)
            return -1;
        if (check.part < 0 || check.part >= MOST_VARIABLES || template->checked == MOST_CHECKS) {
            PyErr_SetString(PyExc_ValueError, "a check is of a variable part, and there are few of them");
            return -1;
        }
        template->checks[template->checked++] = check;
    }
    return count < 0 ? -1 : 0;
}

/* Whether rows need the same parts as before, so that what is remembered of rows still holds. */
static int needs_the_same(const Template *before, const Template *template)
{
    int same = before->width == template->width && before->major == template->major && before->minor == template->minor &&
               before->checked == template->checked;
    for (int i = FIRST_COLUMN; same && i < template->width; i++)
        same = before->columns[i] == template->columns[i];
    for (int i = 0; same && i < template->checked; i++)
        same = before->checks[i].part == template->checks[i].part;
    return same;
}

static Py_ssize_t size_of(int width, Py_ssize_t rows) { return rows * width * (Py_ssize_t)sizeof(double); }

/* Let the rows of a table go into bytes of their own from here on; return 0, with an error set, if there is no memory. */
static int renew(Table *table, int width, Py_ssize_t room)
{
    PyObject *block = PyBytes_FromStringAndSize(NULL, size_of(width, room));
    if (block == NULL)
        return 0;
    table->block = block;
    table->rows = (double *)PyBytes_AsString(block);
    table->room = room;
    return 1;
}

/* Let other templates store their rows in a table, too, which gets room for them; return 0 with an error set on failure. */
static int share(Table *table, int width)
{
    PyObject *block = table->block;
    const double *rows = table->rows;
    if (!renew(table, width, DOUBLES_OF_SEVERAL / width))
        return 0;
    memcpy(table->rows, rows, (size_t)size_of(width, table->count));
    Py_DECREF(block);
    table->shared = 1;
    return 1;
}

/* Give a template, whose rows have been taken, a table for rows of some width: its own, or that of the template `like`,
   if that is not -1. Return 0 with an error set if that cannot be. */
static int has_table(Scanner *self, Template *template, int width, int keeps, int like)
{
    if (like >= 0) {
        Template *other = like < self->template_count ? &self->templates[like] : template;
        if (template->table != NULL || other->table == NULL || other->width != width || other->keeps || keeps) {
            PyErr_SetString(PyExc_ValueError, "a template of other columns, or whose lines are kept");
            return 0;
        }
        if (!other->table->shared && !share(other->table, width))
            return 0;
        template->joined = 1;
        template->table = other->table;
        return 1;
    }
    if (template->table != NULL && template->table->shared) {
        PyErr_SetString(PyExc_ValueError, "other templates store their rows here");
        return 0;
    }
    if (template->table == NULL && (template->table = calloc(1, sizeof(Table))) == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    Table *table = template->table;
    const Py_ssize_t room = DOUBLES_OF_A_TEMPLATE / width;
    template->enabled = 0;
    if (table->block != NULL && PyBytes_Size(table->block) != size_of(width, room))
        Py_CLEAR(table->block);
    if (table->block == NULL && !renew(table, width, room))
        return 0;
    if (keeps && table->lines == NULL && (table->lines = malloc(BYTES_OF_A_TEMPLATE)) == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    return 1;
}

PyDoc_STRVAR(enable_doc,
             "enable(template, columns, major, minor, constant, expected, forbids, checks=(), keeps=False, like=-1): store rows\n"
             "of a template.\n\n"
             "columns: variable parts to store. major, minor: parts that must rise. constant: one that must be expected.\n"
             "forbids: whether a value of -1 hands the line over. -1 stands for no part. checks: parts, values, and whether\n"
             "the part must be the value or must not be it. keeps: whether the lines themselves are kept, too. like: a\n"
             "template of as many columns with whose rows these are stored, in the order of lines; no lines are kept then.");
static PyObject *scanner_enable(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    int which, major, minor, forbids, keeps = 0, like = -1;
    Check constant = {-1, 1, 0.0};
    PyObject *columns, *checks = NULL;
    if (self == NULL || !PyArg_ParseTuple(args, "iOiiidp|Opi", &which, &columns, &major, &minor,
                                          &constant.part, &constant.value, &forbids, &checks, &keeps, &like))
        return NULL;
    Py_ssize_t count = PySequence_Size(columns);
    if (count < 0)
        return NULL;
    if (which < 0 || which >= self->template_count || count > MOST_VARIABLES - FIRST_COLUMN ||
        (self->templates[which].table != NULL && self->templates[which].table->count)) {
        PyErr_SetString(PyExc_ValueError, "no such template, too many columns, or rows not taken yet");
        return NULL;
    }
    if (major >= MOST_VARIABLES || minor >= MOST_VARIABLES || constant.part >= MOST_VARIABLES) {
        PyErr_SetString(PyExc_ValueError, "a counter is a variable part");
        return NULL;
    }
    Template *template = &self->templates[which];
    const Template before = *template;
    if (!has_table(self, template, (int)count + FIRST_COLUMN, keeps, like))
        return NULL;
    template->enabled = 0;
    template->width = (int)count + FIRST_COLUMN;
    template->major = major;
    template->minor = minor;
    template->forbids = forbids;
    template->checked = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(columns, i);
        long column = item == NULL ? -1 : PyLong_AsLong(item);
        Py_XDECREF(item);
        if (column < 0 || column >= MOST_VARIABLES) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a column is a variable part");
            goto failed;
        }
        template->columns[i + FIRST_COLUMN] = (int)column;
    }
    if (constant.part >= 0)
        template->checks[template->checked++] = constant;
    if (take_checks(template, checks) < 0)
        goto failed;
    if (!needs_the_same(&before, template)) {
        forget_alike(&self->alikes, which);
        forget_way(&self->way);
    }
    template->keeps = keeps;
    settle(&self->program, self->ends[which], template);
    template->enabled = 1;
    return Py_NewRef(Py_None);
failed:
    forget_alike(&self->alikes, which);
    forget_way(&self->way);
    return NULL;
}

PyDoc_STRVAR(disable_doc, "disable(): store no rows until templates are enabled again, but those whose lines are kept; rows not taken\n"
             "stay.");
static PyObject *scanner_disable(PyObject *object, PyObject *unused)
{
    Scanner *self = idle(object);
    if (self == NULL)
        return NULL;
    for (int32_t i = 0; i < self->template_count; i++)
        self->templates[i].enabled &= self->templates[i].keeps;
    return Py_NewRef(Py_None);
}

/* The template that a call names, or NULL with an error set. */
static Template *named(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    int which;
    if (self == NULL || !PyArg_ParseTuple(args, "i", &which))
        return NULL;
    if (which >= 0 && which < self->template_count)
        return &self->templates[which];
    PyErr_SetString(PyExc_ValueError, "no such template");
    return NULL;
}

PyDoc_STRVAR(take_doc, "take(template): its rows as bytes of doubles: line, counters, columns; they are forgotten here.");
static PyObject *scanner_take(PyObject *object, PyObject *args)
{
    const Template *template = named(object, args);
    if (template == NULL)
        return NULL;
    Table *table = template->table;
    if (table == NULL || table->block == NULL)
        return PyBytes_FromStringAndSize(NULL, 0);
    PyObject *rows = table->block;
    if (table->count < table->room)
        rows = PyBytes_FromStringAndSize((const char *)table->rows, size_of(template->width, table->count));
    else if (!renew(table, template->width, table->room)) /* what is full is handed over as it is */
        return NULL;
    if (rows != NULL)
        table->count = 0;
    return rows;
}

PyDoc_STRVAR(holding_doc, "holding(): the templates of which rows wait to be taken.");
static PyObject *scanner_holding(PyObject *object, PyObject *unused)
{
    const Scanner *self = idle(object);
    PyObject *found = self == NULL ? NULL : PyList_New(0);
    for (int32_t i = 0; found != NULL && i < self->template_count; i++) {
        if (self->templates[i].table == NULL || !self->templates[i].table->count)
            continue;
        PyObject *number = PyLong_FromLong(i);
        if (number == NULL || PyList_Append(found, number) < 0)
            Py_CLEAR(found);
        Py_XDECREF(number);
    }
    return found;
}

PyDoc_STRVAR(lines_doc, "lines(template): the lines of its rows, where they are kept; they are forgotten here.");
static PyObject *scanner_lines(PyObject *object, PyObject *args)
{
    const Template *template = named(object, args);
    if (template == NULL)
        return NULL;
    Table *table = template->table;
    if (table == NULL)
        return PyBytes_FromStringAndSize(NULL, 0);
    PyObject *lines = PyBytes_FromStringAndSize((const char *)table->lines, table->kept);
    if (lines != NULL)
        table->kept = 0;
    return lines;
}

PyDoc_STRVAR(counters_doc, "counters(): the counters of the last row.");
static PyObject *scanner_counters(PyObject *object, PyObject *unused)
{
    Scanner *self = idle(object);
    if (self == NULL)
        return NULL;
    return Py_BuildValue("(dd)", self->counters.major, self->counters.minor);
}

PyDoc_STRVAR(set_counters_doc, "set_counters(major, minor): what the next row must be above.");
static PyObject *scanner_set_counters(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    if (self == NULL || !PyArg_ParseTuple(args, "dd", &self->counters.major, &self->counters.minor))
        return NULL;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(ignore_doc, "ignore(line): nobody wants lines that differ from this one in their digits only.");
static PyObject *scanner_ignore(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    const char *text;
    Py_ssize_t length;
    uint8_t line[LONGEST_DULL + SLACK];
    if (self == NULL || !PyArg_ParseTuple(args, "y#", &text, &length))
        return NULL;
    Gate *gate = &self->gates[0];
    while (length > 0 && text[length - 1] == '\r')
        length--;
    if (gate->table != NULL && length <= LONGEST_DULL && memchr(text, '\n', (size_t)length) == NULL) {
        memcpy(line, text, (size_t)length);
        memset(line + length, 0, SLACK);
        uint64_t hash = hash_of(gate, line, line + length);
        if (gate->dull == NULL || !is_dull(gate, hash, line, line + length))
            remember_dull(gate, hash, line, line + length);
    }
    return Py_NewRef(Py_None);
}

/* Walk through the end of a block behind which there is too little to read: in a copy of it. */
static int walk_copy(Scanner *self, const uint8_t *at, const uint8_t *end, Py_ssize_t number, int mode, const States *states,
                     Stop *stop)
{
    uint8_t *copy = malloc((size_t)(end - at) + SLACK);
    if (copy == NULL)
        return -1;
    memcpy(copy, at, (size_t)(end - at));
    memset(copy + (end - at), 0, SLACK);
    int reason = walk(self, copy, copy + (end - at), number, mode, states, stop);
    stop->line = at + (stop->line - copy);
    stop->after = at + (stop->after - copy);
    free(copy);
    return reason;
}

PyDoc_STRVAR(walk_doc, "walk(block, start, end, line, mode, told=b'', before=0): go on to the next line that is for Python.\n\n"
             "The block is whole lines up to end. mode: 0 what is wanted and no row, 1 every line, 2 what is wanted and rows, too,\n"
             "3 what ends a passage. told: what part tells of the lines, which are states then; rows without counters have the\n"
             "line of theirs, of which before come earlier, and whether it is overwritten. Returns what stopped the walk (0 the end, 1 a line, 2 no more room for rows), the line's\n"
             "start and end, its number, and its template or -1.");
static PyObject *scanner_walk(PyObject *object, PyObject *args)
{
    Scanner *self = idle(object);
    Py_buffer block;
    Py_ssize_t start, end, number;
    int mode;
    States states = {NULL, 0, 0};
    if (self == NULL ||
        !PyArg_ParseTuple(args, "y*nnni|y#n", &block, &start, &end, &number, &mode, &states.told, &states.count, &states.before))
        return NULL;
    const uint8_t *bytes = block.buf;
    PyObject *result = NULL;
    if (start < 0 || start > end || end > block.len || (number < 1 && states.count) || (end > start && bytes[end - 1] != '\n')) {
        PyErr_SetString(PyExc_ValueError, "whole lines of the block");
    } else {
        Stop stop = {bytes + start, bytes + start, number, 0, -1};
        int reason = NO_MORE;
        Py_ssize_t safe = end; /* up to here lines may be read where they are */
        while (safe > start && (safe > block.len - SLACK || bytes[safe - 1] != '\n'))
            safe--;
        self->busy = 1;
        Py_BEGIN_ALLOW_THREADS
        if (safe > start)
            reason = walk(self, bytes + start, bytes + safe, number, mode, &states, &stop);
        if (reason == NO_MORE && safe < end)
            reason = walk_copy(self, bytes + safe, bytes + end, stop.number, mode, &states, &stop);
        Py_END_ALLOW_THREADS
        self->busy = 0;
        self->counted = (Counted){states.told, stop.number, stop.lines};
        result = reason < 0 ? PyErr_NoMemory()
                            : Py_BuildValue("(innni)", reason, (Py_ssize_t)(stop.line - bytes),
                                            (Py_ssize_t)(stop.after - bytes), stop.number, (int)stop.template);
    }
    PyBuffer_Release(&block);
    return result;
}

#include "functions.h"

static PyMethodDef scanner_methods[] = {
    {"load", scanner_load, METH_VARARGS, load_doc},
    {"set_gate", scanner_set_gate, METH_VARARGS, set_gate_doc},
    {"set_powers", scanner_set_powers, METH_VARARGS, set_powers_doc},
    {"match", scanner_match, METH_VARARGS, match_doc},
    {"enable", scanner_enable, METH_VARARGS, enable_doc},
    {"disable", scanner_disable, METH_NOARGS, disable_doc},
    {"take", scanner_take, METH_VARARGS, take_doc},
    {"holding", scanner_holding, METH_NOARGS, holding_doc},
    {"lines", scanner_lines, METH_VARARGS, lines_doc},
    {"counters", scanner_counters, METH_NOARGS, counters_doc},
    {"set_counters", scanner_set_counters, METH_VARARGS, set_counters_doc},
    {"ignore", scanner_ignore, METH_VARARGS, ignore_doc},
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
    {"lately", module_lately, METH_NOARGS, lately_doc},
    {"fold", module_fold, METH_VARARGS, fold_doc},
    {"part", module_part, METH_VARARGS, part_doc},
    {"merged", module_merged, METH_VARARGS, merged_doc},
    {"spread", module_spread, METH_VARARGS, spread_doc},
    {"thinned", module_thinned, METH_VARARGS, thinned_doc},
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
