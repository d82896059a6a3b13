/* Scalars of TensorBoard's event files: the records that nearly all of a file consists of.
 *
 * A record is taken only if both checksums are right and it is exactly what writers write: an event with time, step and
 * values, each with a tag and either a plain float, a tensor of one float, or something that holds no number to plot
 * (images, audio, histograms). Whatever else there is (damage, texts, settings, fields that come twice) is left to the
 * caller, record by record: reader/tfrecord.py and logs/tensorboard.py know all of the format, this file only its
 * common part. The scalars go straight into columns: value, step and record of each tag, and the tags in the order of
 * the file.
 *
 * Numbers are put together byte by byte, so the order of bytes of the machine does not matter.
 */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#else
#define LIKELY(condition) (condition)
#endif

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

#define HEADER 12 /* length (8 bytes) and its checksum */
#define FRAME 16  /* header, and the checksum behind the data */

static uint32_t fixed32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t fixed64(const unsigned char *at) { return fixed32(at) | (uint64_t)fixed32(at + 4) << 32; }

/* Checksums: CRC-32C, eight bytes at a time; crc_table[k] moves a byte over k further bytes. */

#define SHORT 512 /* lengths below it have their own checksum in a table */

static uint32_t crc_table[8][256];
static uint32_t crc_of_length[SHORT];

static uint32_t crc_by_table(const unsigned char *at, uint64_t length)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (; length >= 8; at += 8, length -= 8) {
        uint32_t low = fixed32(at) ^ crc, high = fixed32(at + 4);
        crc = crc_table[7][low & 255] ^ crc_table[6][low >> 8 & 255] ^ crc_table[5][low >> 16 & 255] ^
              crc_table[4][low >> 24] ^ crc_table[3][high & 255] ^ crc_table[2][high >> 8 & 255] ^
              crc_table[1][high >> 16 & 255] ^ crc_table[0][high >> 24];
    }
    for (; length > 0; at++, length--)
        crc = crc_table[0][(crc ^ *at) & 255] ^ crc >> 8;
    return ~crc;
}

static uint32_t (*crc32c)(const unsigned char *, uint64_t) = crc_by_table;

/* Nearly every x86-64 has an instruction for this very polynomial. */
#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("sse4.2"))) static uint32_t crc_by_processor(const unsigned char *at, uint64_t length)
{
    uint64_t crc = 0xFFFFFFFFu, word;
    for (; length >= 8; at += 8, length -= 8) {
        memcpy(&word, at, 8);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    for (; length > 0; at++, length--)
        crc = __builtin_ia32_crc32qi((uint32_t)crc, *at);
    return ~(uint32_t)crc;
}

static void choose_crc(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.2"))
        crc32c = crc_by_processor;
}
#else
static void choose_crc(void) {}
#endif

static uint32_t masked(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xA282EAD8u; }

static uint32_t masked_crc(const unsigned char *at, uint64_t length) { return masked(crc32c(at, length)); }

static void make_crc_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
        crc_table[0][byte] = crc;
    }
    for (int over = 1; over < 8; over++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = crc_table[over - 1][byte];
            crc_table[over][byte] = before >> 8 ^ crc_table[0][before & 255];
        }
    choose_crc();
    for (int length = 0; length < SHORT; length++) {
        unsigned char bytes[8] = {(unsigned char)(length & 255), (unsigned char)(length >> 8)};
        crc_of_length[length] = masked_crc(bytes, 8);
    }
}

static int sound_header(const unsigned char *at, uint64_t *length)
{
    *length = fixed64(at);
    return fixed32(at + 8) == (LIKELY(*length < SHORT) ? crc_of_length[*length] : masked_crc(at, 8));
}

/* Messages of protocol buffers. */

/* A part of a message that has been read up to `at`. */
typedef struct {
    const unsigned char *at, *end;
} Message;

typedef struct {
    uint64_t number; /* of the field */
    int wire;
    uint64_t value; /* of VARINT */
    Message inside; /* of others */
} Field;

static int read_varint(Message *from, uint64_t *value)
{
    if (LIKELY(from->at < from->end && *from->at < 128)) {
        *value = *from->at++;
        return 1;
    }
    *value = 0;
    for (int shift = 0; from->at < from->end && shift < 70; shift += 7) {
        unsigned char byte = *from->at++;
        *value |= (uint64_t)(byte & 127) << shift; /* bits beyond 64 fall off, as protocol buffers want it */
        if (byte < 128)
            return 1;
    }
    return 0;
}

/* Read the next field; 0 if what is there is none. */
static inline int read_field(Message *from, Field *field)
{
    uint64_t key, size;
    if (!read_varint(from, &key))
        return 0;
    *field = (Field){.number = key >> 3, .wire = (int)(key & 7)};
    if (field->wire == VARINT)
        return read_varint(from, &field->value);
    if (field->wire == BYTES) {
        if (!read_varint(from, &size))
            return 0;
    } else if (field->wire == FIXED64 || field->wire == FIXED32)
        size = field->wire == FIXED64 ? 8 : 4;
    else
        return 0;
    if (size > (uint64_t)(from->end - from->at))
        return 0;
    field->inside = (Message){from->at, from->at + size};
    from->at += size;
    return 1;
}

static int first_time(unsigned *seen, uint64_t number)
{
    unsigned bit = 1u << number; /* numbers are below 10 where this is asked */
    int fresh = !(*seen & bit);
    *seen |= bit;
    return fresh;
}

static int met(unsigned seen, int number) { return seen >> number & 1; }

static int is_text(Message message, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(message.end - message.at) == length && memcmp(message.at, text, length) == 0;
}

/* What is in an event. */

enum verdict {
    LEFT,    /* to the caller */
    NOTHING, /* that could be plotted */
    SCALAR,
};

typedef struct {
    Message tag;
    const unsigned char *at; /* the float */
} Scalar;

#define MOST_VALUES 128 /* of one event */

typedef struct {
    double step;
    const unsigned char *summary; /* the last field, if that is the one with the values; else NULL */
    int count;
    Scalar scalars[MOST_VALUES];
} Event;

static double float_at(const unsigned char *at)
{
    uint32_t bits = fixed32(at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* SummaryMetadata: LEFT if the caller has to look at it, NOTHING if what it describes is no scalar. */
static enum verdict read_metadata(Message metadata)
{
    Field field, inner;
    enum verdict found = LEFT;
    while (metadata.at < metadata.end) {
        if (!read_field(&metadata, &field))
            return LEFT;
        if (field.number != 1)
            continue; /* name and description for people */
        if (field.wire != BYTES || found != LEFT)
            return LEFT;
        while (field.inside.at < field.inside.end) {
            if (!read_field(&field.inside, &inner))
                return LEFT;
            if (inner.number != 1)
                continue; /* the plugin's own content */
            if (inner.wire != BYTES || found != LEFT || inner.inside.at == inner.inside.end ||
                is_text(inner.inside, "text") || is_text(inner.inside, "hparams"))
                return LEFT;
            found = is_text(inner.inside, "scalars") ? SCALAR : NOTHING;
        }
    }
    return found;
}

/* TensorProto: one float without dimensions, as content or as a packed value. */
static int read_tensor(Message tensor, Scalar *scalar)
{
    Field field;
    unsigned seen = 0;
    int values = 0;
    while (tensor.at < tensor.end) {
        if (!read_field(&tensor, &field) || field.number > 9 || !first_time(&seen, field.number))
            return 0;
        Py_ssize_t length = field.wire == BYTES ? field.inside.end - field.inside.at : -1;
        if (field.number == 1 && field.wire == VARINT && field.value == 1) /* DT_FLOAT */
            continue;
        if (field.number == 2 && length == 0) /* a shape without dimensions */
            continue;
        if ((field.number == 4 || field.number == 5) && length == 4) {
            scalar->at = field.inside.at;
            values++;
            continue;
        }
        return 0;
    }
    return values == 1 && met(seen, 1);
}

/* Summary.Value */
static inline enum verdict read_value(Message value, Scalar *scalar)
{
    Field field;
    Message tensor = {NULL, NULL};
    unsigned seen = 0;
    enum verdict kind = SCALAR;
    while (value.at < value.end) {
        if (!read_field(&value, &field) || field.number > 9 || !first_time(&seen, field.number))
            return LEFT;
        if (field.number == 2 && field.wire == FIXED32)
            scalar->at = field.inside.at;
        else if (field.wire != BYTES)
            return LEFT;
        else if (field.number == 1)
            scalar->tag = field.inside;
        else if (field.number == 8)
            tensor = field.inside;
        else if (field.number == 9) {
            if ((kind = read_metadata(field.inside)) == LEFT)
                return LEFT;
        } else if (field.number < 4 || field.number > 6) /* 4: image, 5: histogram, 6: audio */
            return LEFT;
    }
    int other = met(seen, 4) + met(seen, 5) + met(seen, 6);
    if (!met(seen, 1) || met(seen, 2) + met(seen, 8) + other != 1)
        return LEFT;
    if (other || (kind == NOTHING && tensor.at != NULL))
        return NOTHING;
    if (kind == NOTHING || (tensor.at != NULL && !read_tensor(tensor, scalar)))
        return LEFT;
    return SCALAR;
}

static double signed_number(uint64_t bits) { return bits >> 63 ? -(double)(~bits + 1) : (double)bits; }

/* Event: whether it holds values of the usual kinds and nothing else. */
static int read_event(Message message, Event *event)
{
    Field field, value;
    unsigned seen = 0;
    field.number = 0;
    event->step = 0;
    event->count = 0;
    while (message.at < message.end) {
        event->summary = message.at;
        if (!read_field(&message, &field) || field.number > 5 || !first_time(&seen, field.number))
            return 0;
        if (field.number == 1 && field.wire == FIXED64)
            continue; /* the time of day */
        if (field.number == 2 && field.wire == VARINT)
            event->step = signed_number(field.value);
        else if (field.number == 5 && field.wire == BYTES) {
            while (field.inside.at < field.inside.end) {
                if (!read_field(&field.inside, &value) || value.number != 1 || value.wire != BYTES ||
                    event->count == MOST_VALUES)
                    return 0;
                enum verdict kind = read_value(value.inside, &event->scalars[event->count]);
                if (kind == LEFT)
                    return 0;
                event->count += kind == SCALAR;
            }
        } else
            return 0;
    }
    if (field.number != 5)
        event->summary = NULL;
    return met(seen, 5);
}

/* Columns. */

enum column { VALUE, STEP, RECORD, COLUMNS };

/* What the events of a tag were like the last time: one that differs only in time, step and value need not be taken
 * apart again, for all else in it would be found as it was then. */
typedef struct {
    unsigned char *summary; /* the last field of the event, with the tag and one value */
    size_t length, room;
    size_t value; /* where in it the float is */
} Mould;

typedef struct {
    Mould mould;
    PyObject *name;     /* bytes */
    const char *text;   /* of the name */
    size_t length;
    uint32_t hash;
    uint32_t follower; /* the tag that came after it the last time */
    Py_ssize_t count, room;
    PyObject *owner[COLUMNS]; /* bytearrays, with `room` rows */
    double *value, *step;
    int64_t *record;
} Tag;

typedef struct {
    PyObject_HEAD
    Tag *tags;
    uint32_t count, room;
    uint32_t *table; /* numbers of tags + 1, by hash */
    uint32_t size;   /* of the table: a power of two */
    uint32_t last;   /* the tag of the last scalar */
    PyObject *order; /* a bytearray of tags as uint32_t */
    uint32_t *tag;   /* in it */
    Py_ssize_t rows, rows_room;
    int busy; /* without the lock of the interpreter */
} Scalars;

/* Give a bytearray another size; return where its content is, NULL without memory. */
static void *resized(PyObject *array, Py_ssize_t size)
{
    return PyByteArray_Resize(array, size) < 0 ? NULL : PyByteArray_AsString(array);
}

static int grow_rows(Scalars *self)
{
    Py_ssize_t room = self->rows_room ? 2 * self->rows_room : 256;
    if (self->order == NULL && (self->order = PyByteArray_FromStringAndSize(NULL, 0)) == NULL)
        return 0;
    uint32_t *tag = room > PY_SSIZE_T_MAX / 16 ? NULL : resized(self->order, room * (Py_ssize_t)sizeof *tag);
    if (tag == NULL)
        return 0;
    self->tag = tag;
    self->rows_room = room;
    return 1;
}

static int grow_tag(Tag *tag)
{
    Py_ssize_t room = tag->room ? 2 * tag->room : 16;
    if (room > PY_SSIZE_T_MAX / 16)
        return 0;
    double *value = resized(tag->owner[VALUE], room * 8);
    if (value != NULL)
        tag->value = value;
    double *step = resized(tag->owner[STEP], room * 8);
    if (step != NULL)
        tag->step = step;
    int64_t *record = resized(tag->owner[RECORD], room * 8);
    if (record != NULL)
        tag->record = record;
    if (value == NULL || step == NULL || record == NULL)
        return 0;
    tag->room = room;
    return 1;
}

static int grow_table(Scalars *self)
{
    uint32_t size = self->size ? 2 * self->size : 64;
    uint32_t *table = size > 1u << 30 ? NULL : PyMem_Calloc(size, sizeof *table);
    if (table == NULL)
        return 0;
    for (uint32_t number = 0; number < self->count; number++) {
        uint32_t at = self->tags[number].hash & (size - 1);
        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = number + 1;
    }
    PyMem_Free(self->table);
    self->table = table;
    self->size = size;
    return 1;
}

#define LONGEST_MOULD 4096

static int same(const unsigned char *one, const unsigned char *other, size_t length)
{
    uint64_t a, b;
    for (; length >= 8; one += 8, other += 8, length -= 8) {
        memcpy(&a, one, 8);
        memcpy(&b, other, 8);
        if (a != b)
            return 0;
    }
    for (; length > 0; one++, other++, length--)
        if (*one != *other)
            return 0;
    return 1;
}

/* Read what is before the last field of an event: the time, and a step other than 0. */
static inline int read_step(Message before, double *step)
{
    uint64_t number = 0;
    if (before.end - before.at < 9 || before.at[0] != (1 << 3 | FIXED64))
        return 0;
    before.at += 9;
    if (before.at < before.end && (*before.at++ != (2 << 3 | VARINT) || !read_varint(&before, &number)))
        return 0;
    *step = signed_number(number);
    return before.at == before.end;
}

static inline int fits(const Mould *mould, Message event, double *step)
{
    if (mould->length == 0 || (size_t)(event.end - event.at) < mould->length)
        return 0;
    const unsigned char *summary = event.end - mould->length;
    size_t after = mould->value + 4;
    return same(summary, mould->summary, mould->value) &&
           same(summary + after, mould->summary + after, mould->length - after) &&
           read_step((Message){event.at, summary}, step);
}

static void remember(Mould *mould, Message message, const Event *event)
{
    double step;
    if (event->count != 1 || event->summary == NULL || !read_step((Message){message.at, event->summary}, &step))
        return;
    size_t length = (size_t)(message.end - event->summary);
    if (length > LONGEST_MOULD)
        return;
    if (length > mould->room) {
        unsigned char *summary = realloc(mould->summary, length);
        if (summary == NULL)
            return;
        mould->summary = summary;
        mould->room = length;
    }
    memcpy(mould->summary, event->summary, length);
    mould->length = length;
    mould->value = (size_t)(event->scalars[0].at - event->summary);
}

static uint32_t hash_of(const unsigned char *at, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; length > 0; at++, length--)
        hash = (hash ^ *at) * 16777619u;
    return hash;
}

static int is_tag(const Tag *tag, Message name)
{
    return tag->length == (size_t)(name.end - name.at) && memcmp(tag->text, name.at, tag->length) == 0;
}

/* The place of a name in the table of hashes: where it is, or where it belongs. */
static uint32_t place_of(const Scalars *self, Message name, uint32_t hash)
{
    uint32_t at = hash & (self->size - 1);
    while (self->table[at] &&
           (self->tags[self->table[at] - 1].hash != hash || !is_tag(&self->tags[self->table[at] - 1], name)))
        at = (at + 1) & (self->size - 1);
    return at;
}

static int add_tag(Scalars *self, Message name, uint32_t hash)
{
    if (self->count == self->room) {
        uint32_t room = self->room ? 2 * self->room : 16;
        Tag *tags = PyMem_Realloc(self->tags, room * sizeof *tags);
        if (tags == NULL)
            return 0;
        self->tags = tags;
        self->room = room;
    }
    Tag tag = {.length = (size_t)(name.end - name.at), .hash = hash, .follower = self->count};
    tag.name = PyBytes_FromStringAndSize((const char *)name.at, name.end - name.at);
    int sound = tag.name != NULL;
    for (int column = 0; column < COLUMNS; column++) {
        tag.owner[column] = PyByteArray_FromStringAndSize(NULL, 0);
        sound = sound && tag.owner[column] != NULL;
    }
    if (!sound || !grow_tag(&tag)) {
        Py_XDECREF(tag.name);
        for (int column = 0; column < COLUMNS; column++)
            Py_XDECREF(tag.owner[column]);
        return 0;
    }
    tag.text = PyBytes_AsString(tag.name);
    self->tags[self->count] = tag;
    self->table[place_of(self, name, hash)] = ++self->count;
    return 1;
}

/* Make room for a scalar; return the number of its tag, `count` without memory. Only this needs Python. */
static uint32_t prepared(Scalars *self, Message name)
{
    uint32_t hash = hash_of(name.at, (size_t)(name.end - name.at));
    if (self->size < 2 * (self->count + 1) && !grow_table(self))
        return self->count;
    uint32_t place = place_of(self, name, hash);
    if (!self->table[place] && !add_tag(self, name, hash))
        return self->count;
    uint32_t number = self->table[place_of(self, name, hash)] - 1;
    if ((self->tags[number].count == self->tags[number].room && !grow_tag(&self->tags[number])) ||
        (self->rows == self->rows_room && !grow_rows(self)))
        return self->count;
    return number;
}

/* The number of a tag that is known and has room; `count` if it has not. */
static inline uint32_t ready(Scalars *self, Message name)
{
    if (self->rows == self->rows_room || self->count == 0)
        return self->count;
    uint32_t number = self->tags[self->last].follower;
    if (!is_tag(&self->tags[number], name)) {
        uint32_t place = place_of(self, name, hash_of(name.at, (size_t)(name.end - name.at)));
        if (!self->table[place])
            return self->count;
        number = self->table[place] - 1;
        self->tags[self->last].follower = number;
    }
    return self->tags[number].count < self->tags[number].room ? number : self->count;
}

static inline void put(Scalars *self, uint32_t number, double value, double step, int64_t record)
{
    Tag *tag = &self->tags[number];
    tag->value[tag->count] = value;
    tag->step[tag->count] = step;
    tag->record[tag->count++] = record;
    self->tag[self->rows++] = self->last = number;
}

/* Give everything back. */
static void clear(Scalars *self)
{
    for (uint32_t number = 0; number < self->count; number++) {
        free(self->tags[number].mould.summary);
        Py_XDECREF(self->tags[number].name);
        for (int column = 0; column < COLUMNS; column++)
            Py_XDECREF(self->tags[number].owner[column]);
    }
    PyMem_Free(self->tags);
    PyMem_Free(self->table);
    Py_CLEAR(self->order);
    self->tags = NULL;
    self->table = self->tag = NULL;
    self->count = self->room = self->size = self->last = 0;
    self->rows = self->rows_room = 0;
}

/* The type. */

enum state {
    SHORTAGE, /* the next record is not all there */
    OTHER,    /* a record with right checksums for the caller */
    DAMAGED,  /* a record whose data have another checksum */
    LOST,     /* no header of a record */
};

/* Take a record that is like the last one of the tag that is due. */
static inline int take_known(Scalars *self, Message message, long long record)
{
    if (self->count == 0 || self->rows == self->rows_room)
        return 0;
    uint32_t number = self->tags[self->last].follower;
    Tag *tag = &self->tags[number];
    double step;
    if (tag->count == tag->room || !fits(&tag->mould, message, &step))
        return 0;
    put(self, number, float_at(message.end - tag->mould.length + tag->mould.value), step, record);
    return 1;
}

/* Take any record; -1 without memory. */
static int take_any(Scalars *self, Message message, long long record, PyThreadState **thread)
{
    Event event;
    if (!read_event(message, &event))
        return OTHER;
    for (int k = 0; k < event.count; k++) {
        uint32_t tag = ready(self, event.scalars[k].tag);
        if (tag == self->count) {
            PyEval_RestoreThread(*thread);
            tag = prepared(self, event.scalars[k].tag);
            *thread = PyEval_SaveThread();
        }
        if (tag == self->count)
            return -1;
        put(self, tag, float_at(event.scalars[k].at), event.step, record);
        remember(&self->tags[tag].mould, message, &event);
    }
    return SHORTAGE;
}

/* Take records until one is not to be taken. */
static int take(Scalars *self, const unsigned char *bytes, Py_ssize_t *at, Py_ssize_t end, long long *records)
{
    PyThreadState *thread = PyEval_SaveThread();
    int state = SHORTAGE;
    while (end - *at >= HEADER) {
        uint64_t length;
        if (!sound_header(bytes + *at, &length)) {
            state = LOST;
            break;
        }
        if (end - *at < FRAME || length > (uint64_t)(end - *at - FRAME))
            break;
        Message message = {bytes + *at + HEADER, bytes + *at + HEADER + length};
        if (masked_crc(message.at, length) != fixed32(message.end)) {
            state = DAMAGED;
            break;
        }
        if (!take_known(self, message, *records + 1) &&
            (state = take_any(self, message, *records + 1, &thread)) != SHORTAGE)
            break;
        *at += (Py_ssize_t)(length + FRAME);
        ++*records;
    }
    PyEval_RestoreThread(thread);
    return state;
}

PyDoc_STRVAR(scan_doc,
             "scan(data, at, end, records) -> (state, at, records)\n\n"
             "Take records from a position on; `records` counts those before it. It stops at the first that it does\n"
             "not take, which it does not count. States: 0 the record is not all there; 1 it is sound and left to\n"
             "others; 2 the checksum of its data is wrong; 3 that of its length is.");

static PyObject *scan(Scalars *self, PyObject *args)
{
    Py_buffer data;
    Py_ssize_t at, end;
    long long records;
    if (!PyArg_ParseTuple(args, "y*nnL", &data, &at, &end, &records))
        return NULL;
    PyObject *result = NULL;
    if (self->busy)
        PyErr_SetString(PyExc_RuntimeError, "another thread is at work here");
    else if (at < 0 || at > end || end > data.len)
        PyErr_SetString(PyExc_ValueError, "no part of the data");
    else {
        self->busy = 1;
        int state = take(self, data.buf, &at, end, &records);
        self->busy = 0;
        if (state >= 0)
            result = Py_BuildValue("(inL)", state, at, records);
        else if (!PyErr_Occurred())
            PyErr_NoMemory();
    }
    PyBuffer_Release(&data);
    return result;
}

PyDoc_STRVAR(add_doc, "add(tag, value, step, record)\n\nAdd a scalar that others have read.");

static PyObject *add(Scalars *self, PyObject *args)
{
    const char *name;
    Py_ssize_t length;
    double value, step;
    long long record;
    if (!PyArg_ParseTuple(args, "y#ddL", &name, &length, &value, &step, &record))
        return NULL;
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is at work here");
        return NULL;
    }
    Message tag = {(const unsigned char *)name, (const unsigned char *)name + length};
    uint32_t number = prepared(self, tag);
    if (number == self->count)
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    put(self, number, value, step, record);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(columns_doc,
             "columns() -> (order, [(tag, values, steps, records)])\n\n"
             "Hand everything over: doubles, doubles and int64 for every tag, and the tags of all scalars in their\n"
             "order as uint32. Nothing remains.");

static PyObject *columns(Scalars *self, PyObject *unused)
{
    (void)unused;
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is at work here");
        return NULL;
    }
    PyObject *tags = PyList_New(0);
    int failed = tags == NULL || (self->order == NULL && !grow_rows(self)) ||
                 resized(self->order, self->rows * (Py_ssize_t)sizeof *self->tag) == NULL;
    for (uint32_t number = 0; number < self->count && !failed; number++) {
        Tag *tag = &self->tags[number];
        for (int column = 0; column < COLUMNS && !failed; column++)
            failed = resized(tag->owner[column], tag->count * 8) == NULL;
        PyObject *row = failed ? NULL
                               : Py_BuildValue("(OOOO)", tag->name, tag->owner[VALUE], tag->owner[STEP],
                                               tag->owner[RECORD]);
        failed = row == NULL || PyList_Append(tags, row) < 0;
        Py_XDECREF(row);
    }
    PyObject *result = failed ? NULL : Py_BuildValue("(OO)", self->order, tags);
    Py_XDECREF(tags);
    clear(self);
    return result;
}

PyDoc_STRVAR(count_doc, "count() -> int\n\nHow many scalars are held.");

static PyObject *count(Scalars *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromSsize_t(self->rows);
}

static void deallocate(Scalars *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    clear(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef scalars_methods[] = {
    {"scan", (PyCFunction)scan, METH_VARARGS, scan_doc},
    {"add", (PyCFunction)add, METH_VARARGS, add_doc},
    {"count", (PyCFunction)count, METH_NOARGS, count_doc},
    {"columns", (PyCFunction)columns, METH_NOARGS, columns_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot scalars_slots[] = {
    {Py_tp_doc, "The scalars of event files, in columns."},
    {Py_tp_dealloc, deallocate},
    {Py_tp_methods, scalars_methods},
    {0, NULL},
};

static PyType_Spec scalars_spec = {
    .name = "diagnose.reader._tfevents.Scalars",
    .basicsize = sizeof(Scalars),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = scalars_slots,
};

/* The module. */

PyDoc_STRVAR(find_doc,
             "find(data, at, end) -> at\n\n"
             "Where the next header with a right checksum and a length below 4 GiB begins; where to go on with more\n"
             "data if there is none.");

static PyObject *find(PyObject *module, PyObject *args)
{
    Py_buffer data;
    Py_ssize_t at, end;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nn", &data, &at, &end))
        return NULL;
    if (at < 0 || at > end || end > data.len) {
        PyBuffer_Release(&data);
        PyErr_SetString(PyExc_ValueError, "no part of the data");
        return NULL;
    }
    const unsigned char *bytes = data.buf;
    uint64_t length;
    Py_BEGIN_ALLOW_THREADS
    for (; end - at >= HEADER; at++)
        if (fixed32(bytes + at + 4) == 0 && sound_header(bytes + at, &length))
            break;
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&data);
    return PyLong_FromSsize_t(at);
}

PyDoc_STRVAR(crc_doc,
             "masked_crc(data, portable=False) -> int\n\n"
             "The checksum that a TFRecord file stores for some bytes; as machines compute it that have no instruction\n"
             "for it, if that is asked for.");

static PyObject *module_crc(PyObject *module, PyObject *args)
{
    Py_buffer data;
    int portable = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*|p", &data, &portable))
        return NULL;
    uint32_t crc = masked((portable ? crc_by_table : crc32c)(data.buf, (uint64_t)data.len));
    PyBuffer_Release(&data);
    return PyLong_FromUnsignedLong(crc);
}

static PyMethodDef methods[] = {
    {"find", find, METH_VARARGS, find_doc},
    {"masked_crc", module_crc, METH_VARARGS, crc_doc},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    make_crc_tables();
    PyObject *type = PyType_FromModuleAndSpec(module, &scalars_spec, NULL);
    if (type == NULL)
        return -1;
    int failed = PyModule_AddObjectRef(module, "Scalars", type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "diagnose.reader._tfevents",
    .m_doc = "Scalars of event files.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__tfevents(void) { return PyModuleDef_Init(&definition); }
