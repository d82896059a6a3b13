/* Scalars of TensorBoard's event files: the records that nearly all of a file consists of.
 *
 * A record is taken only if both checksums are right and it is exactly what writers of scalars write: an event with time,
 * step and one value, which has a tag and either a plain float or a tensor of one float. Whatever else there is (damage,
 * texts, settings, several values, fields that come twice) is left to the caller, record by record: reader/tfrecord.py
 * and logs/tensorboard.py know all of the format, this file only its common part.
 *
 * Numbers are put together byte by byte, so the order of bytes of the machine does not matter.
 */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

#define HEADER 12 /* length (8 bytes) and its checksum */
#define FRAME 16  /* header, and the checksum behind the data */

/* CRC-32C, eight bytes at a time: crc_table[k] moves a byte over k further bytes. */
static uint32_t crc_table[8][256];

static void make_crc_table(void)
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
}

static uint32_t fixed32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t fixed64(const unsigned char *at) { return fixed32(at) | (uint64_t)fixed32(at + 4) << 32; }

static uint32_t masked_crc(const unsigned char *at, uint64_t length)
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
    crc ^= 0xFFFFFFFFu;
    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

static double as_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A part of a message that has been read up to `at`. */
typedef struct {
    const unsigned char *at, *end;
} Message;

typedef struct {
    uint64_t number; /* of the field */
    int wire;
    uint64_t value; /* of VARINT, FIXED64 and FIXED32 */
    Message inside; /* of BYTES */
} Field;

static int read_varint(Message *from, uint64_t *value)
{
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
static int read_field(Message *from, Field *field)
{
    uint64_t key, size;
    if (!read_varint(from, &key))
        return 0;
    field->number = key >> 3;
    field->wire = (int)(key & 7);
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
    if (field->wire == FIXED64)
        field->value = fixed64(from->at);
    else if (field->wire == FIXED32)
        field->value = fixed32(from->at);
    field->inside.at = from->at;
    from->at += size;
    field->inside.end = from->at;
    return 1;
}

/* A scalar as it is put together; `seen` has a bit for each field that was met. */
typedef struct {
    double wall, value;
    uint64_t step;
    Message tag;
} Scalar;

static int first_time(unsigned *seen, uint64_t number)
{
    unsigned bit = 1u << number; /* numbers are below 10 where this is asked */
    int fresh = !(*seen & bit);
    *seen |= bit;
    return fresh;
}

/* SummaryMetadata: whether it says that this is a scalar. */
static int says_scalars(Message metadata)
{
    static const char name[] = "scalars";
    Field field, inner;
    int known = 0;
    while (metadata.at < metadata.end) {
        if (!read_field(&metadata, &field))
            return 0;
        if (field.number != 1)
            continue; /* name and description for people */
        if (field.wire != BYTES || known)
            return 0;
        while (field.inside.at < field.inside.end) {
            if (!read_field(&field.inside, &inner))
                return 0;
            if (inner.number != 1)
                continue; /* the plugin's own content, which scalars do not have */
            if (inner.wire != BYTES || known || inner.inside.end - inner.inside.at != sizeof name - 1 ||
                memcmp(inner.inside.at, name, sizeof name - 1) != 0)
                return 0;
            known = 1;
        }
    }
    return known;
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
            scalar->value = as_float(fixed32(field.inside.at));
            values++;
            continue;
        }
        return 0;
    }
    return values == 1 && (seen & 1u << 1);
}

/* Summary.Value */
static int read_value(Message value, Scalar *scalar)
{
    Field field;
    unsigned seen = 0;
    int values = 0;
    while (value.at < value.end) {
        if (!read_field(&value, &field) || field.number > 9 || !first_time(&seen, field.number))
            return 0;
        if (field.number == 1 && field.wire == BYTES)
            scalar->tag = field.inside;
        else if (field.number == 2 && field.wire == FIXED32) {
            scalar->value = as_float((uint32_t)field.value);
            values++;
        } else if (field.number == 8 && field.wire == BYTES) {
            if (!read_tensor(field.inside, scalar))
                return 0;
            values++;
        } else if (field.number == 9 && field.wire == BYTES) {
            if (!says_scalars(field.inside))
                return 0;
        } else
            return 0;
    }
    return values == 1 && scalar->tag.at != NULL;
}

/* Event: 1 if it is a scalar and nothing else. */
static int read_event(Message event, Scalar *scalar)
{
    Field field, value;
    unsigned seen = 0;
    scalar->wall = Py_NAN;
    scalar->step = 0;
    scalar->value = 0;
    scalar->tag.at = scalar->tag.end = NULL;
    while (event.at < event.end) {
        if (!read_field(&event, &field) || field.number > 5 || !first_time(&seen, field.number))
            return 0;
        if (field.number == 1 && field.wire == FIXED64)
            scalar->wall = as_double(field.value);
        else if (field.number == 2 && field.wire == VARINT)
            scalar->step = field.value;
        else if (field.number == 5 && field.wire == BYTES) {
            if (!read_field(&field.inside, &value) || value.number != 1 || value.wire != BYTES ||
                field.inside.at != field.inside.end || !read_value(value.inside, scalar))
                return 0;
        } else
            return 0;
    }
    return seen >> 5 & 1;
}

/* The text of a tag, the same object for the same bytes. */
static PyObject *tag_of(PyObject *tags, Message tag)
{
    PyObject *key = PyBytes_FromStringAndSize((const char *)tag.at, tag.end - tag.at);
    if (key == NULL)
        return NULL;
    PyObject *text = PyDict_GetItemWithError(tags, key);
    if (text != NULL)
        Py_INCREF(text);
    else if (!PyErr_Occurred()) {
        text = PyUnicode_DecodeUTF8((const char *)tag.at, tag.end - tag.at, "replace");
        if (text != NULL && PyDict_SetItem(tags, key, text) < 0)
            Py_CLEAR(text);
    }
    Py_DECREF(key);
    return text;
}

static int add_row(PyObject *rows, PyObject *tags, Py_ssize_t record, const Scalar *scalar)
{
    PyObject *tag = tag_of(tags, scalar->tag);
    if (tag == NULL)
        return -1;
    long long step = scalar->step >> 63 ? -(long long)~scalar->step - 1 : (long long)scalar->step;
    PyObject *row = Py_BuildValue("(nNLdd)", record, tag, step, scalar->value, scalar->wall);
    if (row == NULL)
        return -1;
    int failed = PyList_Append(rows, row);
    Py_DECREF(row);
    return failed;
}

PyDoc_STRVAR(scan_doc,
             "scan(data, position, records, tags, most) -> (rows, position, records, odd)\n\n"
             "Take records from a position on that are scalars: (record, tag, step, value, wall). `records` counts those\n"
             "before it. It stops after `most` rows, at the end, and at a record that it leaves to others: `odd`.");

static PyObject *scan(PyObject *module, PyObject *args)
{
    Py_buffer data;
    Py_ssize_t position, records, most;
    PyObject *tags;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnO!n", &data, &position, &records, &PyDict_Type, &tags, &most))
        return NULL;
    PyObject *rows = PyList_New(0), *result = NULL;
    const unsigned char *bytes = data.buf;
    int odd = 0;
    if (rows == NULL || position < 0)
        goto done;
    while (position < data.len && most > 0) {
        uint64_t left = (uint64_t)(data.len - position);
        const unsigned char *at = bytes + position;
        odd = 1; /* until it turns out to be a scalar */
        if (left < FRAME || masked_crc(at, 8) != fixed32(at + 8))
            break;
        uint64_t length = fixed64(at);
        if (length > left - FRAME || masked_crc(at + HEADER, length) != fixed32(at + HEADER + length))
            break;
        Scalar scalar;
        Message event = {at + HEADER, at + HEADER + length};
        if (!read_event(event, &scalar))
            break;
        odd = 0;
        if (add_row(rows, tags, records + 1, &scalar) < 0)
            goto done;
        position += (Py_ssize_t)(length + FRAME);
        records++;
        most--;
    }
    result = Py_BuildValue("(OnnO)", rows, position, records, odd ? Py_True : Py_False);
done:
    if (result == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a position below 0");
    Py_XDECREF(rows);
    PyBuffer_Release(&data);
    return result;
}

static PyMethodDef methods[] = {{"scan", scan, METH_VARARGS, scan_doc}, {NULL, NULL, 0, NULL}};

static int execute(PyObject *module)
{
    (void)module;
    make_crc_table();
    return 0;
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
