/* What Python calls beside a scanner: states of bars dropped and parted, rows thinned and laid out, one number read. */

static const char LATELY[] = "diagnose.scan._kernel.lately";

static void forget_lately(PyObject *capsule) { free_lately(PyCapsule_GetPointer(capsule, LATELY)); }

PyDoc_STRVAR(lately_doc, "lately(): what fold remembers of states from call to call.");
static PyObject *module_lately(PyObject *module, PyObject *unused)
{
    Lately *lately = new_lately();
    if (lately == NULL)
        return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(lately, LATELY, forget_lately);
    if (capsule == NULL)
        free_lately(lately);
    return capsule;
}

PyDoc_STRVAR(fold_doc, "fold(lately, block, start, end): drop overwritten states in place; the end of what remains.");
static PyObject *module_fold(PyObject *module, PyObject *args)
{
    PyObject *capsule;
    Py_buffer block;
    Py_ssize_t start, end;
    if (!PyArg_ParseTuple(args, "Ow*nn", &capsule, &block, &start, &end))
        return NULL;
    PyObject *result = NULL;
    Lately *lately = PyCapsule_GetPointer(capsule, LATELY);
    if (lately == NULL) {
        PyBuffer_Release(&block);
        return NULL;
    }
    if (start < 0 || start > end || end > block.len) {
        PyErr_SetString(PyExc_ValueError, "a part of the block");
    } else if (lately->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread uses what is remembered");
    } else {
        uint8_t *bytes = block.buf, *stop;
        lately->busy = 1;
        Py_BEGIN_ALLOW_THREADS
        stop = fold(lately, bytes + start, bytes + end);
        Py_END_ALLOW_THREADS
        lately->busy = 0;
        result = PyLong_FromSsize_t(stop - bytes);
    }
    PyBuffer_Release(&block);
    return result;
}

PyDoc_STRVAR(part_doc, "part(block, end, all): put each state of whole lines on a line of its own, in place; the end, and a byte of\n"
             "each: 1 it ends its line, 2 it is overwritten, 4 its line is left whole, 8 it is one of several.\n\n"
             "all: those that are overwritten, too; else they are dropped, and lines with one other state are left.");
static PyObject *module_part(PyObject *module, PyObject *args)
{
    Py_buffer block;
    Py_ssize_t end, count = 0;
    int all;
    if (!PyArg_ParseTuple(args, "w*np", &block, &end, &all))
        return NULL;
    uint8_t *bytes = block.buf, *stop = bytes, *told = NULL;
    Span *spans = NULL; /* of the states of one line: most of it is never touched */
    Lately *lately = NULL;
    PyObject *result = NULL;
    if (end < 0 || end > block.len || (end > 0 && bytes[end - 1] != '\n'))
        PyErr_SetString(PyExc_ValueError, "whole lines of the block");
    else if ((told = malloc((size_t)end + 1)) == NULL || (spans = malloc(((size_t)end / 2 + 1) * sizeof(Span))) == NULL ||
             (lately = new_lately()) == NULL)
        PyErr_NoMemory();
    if (lately != NULL) {
        Py_BEGIN_ALLOW_THREADS
        stop = part(lately, bytes, bytes + end, all, told, spans, &count);
        Py_END_ALLOW_THREADS
        result = Py_BuildValue("(ny#)", (Py_ssize_t)(stop - bytes), (const char *)told, count);
    }
    free_lately(lately);
    free(spans);
    free(told);
    PyBuffer_Release(&block);
    return result;
}

PyDoc_STRVAR(float_doc, "number(text, powers, known=False): the double of a printed number as the kernel reads it, or None if it\n"
             "leaves it open. known: as it is read on the way of the row before.");
static PyObject *module_number(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t length;
    Py_buffer powers;
    int known = 0;
    if (!PyArg_ParseTuple(args, "y#y*|p", &text, &length, &powers, &known))
        return NULL;
    Printed printed = {0, 0, 0, 0, 0};
    Value read = NO_VALUE;
    uint8_t *copy = calloc((size_t)length + SLACK, 1); /* a NUL ends every number */
    if (copy == NULL) {
        PyBuffer_Release(&powers);
        return PyErr_NoMemory();
    }
    memcpy(copy, text, (size_t)length);
    const uint8_t *after = NULL;
    if (powers.len == 651 * 16)
        after = known ? (read = value_at(copy, ANY_SHAPE, powers.buf)).after : number(copy, &printed);
    int found = after == copy + length && (known || value_of(powers.buf, &printed, &read.value));
    free(copy);
    PyBuffer_Release(&powers);
    return found ? PyFloat_FromDouble(read.value) : Py_NewRef(Py_None);
}

/* Take portions of rows as Python holds them, as far as `count` rows; return how many rows they are, -1 with an error set
   if they are none. */
static Py_ssize_t take_portions(PyObject *parts, int width, Py_ssize_t count, Portion *portions, Py_buffer *views)
{
    const Py_ssize_t size = size_of(width, 1);
    Py_ssize_t taken = 0;
    for (Py_ssize_t i = 0; i < PyTuple_Size(parts); i++) {
        PyObject *rows, *numbers;
        Py_buffer *view = views + 2 * i;
        if (!PyArg_ParseTuple(PyTuple_GetItem(parts, i), "OO", &rows, &numbers) || PyObject_GetBuffer(rows, view, PyBUF_SIMPLE) < 0)
            return -1;
        Portion *portion = portions + i;
        *portion = (Portion){view->buf, NULL, view->len / size};
        int whole = view->len % size == 0;
        if (numbers != Py_None) {
            if (PyObject_GetBuffer(numbers, view + 1, PyBUF_SIMPLE) < 0)
                return -1;
            portion->numbers = view[1].buf;
            whole = whole && view[1].len == portion->count * (Py_ssize_t)sizeof(int64_t);
        }
        if (!whole) {
            PyErr_SetString(PyExc_ValueError, "whole rows, each with its number");
            return -1;
        }
        if (portion->count > count - taken)
            portion->count = count - taken;
        taken += portion->count;
    }
    return taken;
}

/* What stays of portions of rows, or None; `why` has a place for each row. */
static PyObject *what_stays(const Portion *portions, Py_ssize_t parts, Py_ssize_t count, int64_t next, const Thinning *how,
                            Extremes *columns, uint8_t *why)
{
    int told;
    Py_ssize_t stay = 0;
    Py_BEGIN_ALLOW_THREADS
    told = thinned(portions, portions + parts, next, how, columns, why);
    if (told)
        stay = count_staying(why, count);
    Py_END_ALLOW_THREADS
    if (!told)
        return Py_NewRef(Py_None);
    PyObject *rows = PyByteArray_FromStringAndSize(NULL, size_of(how->width, stay));
    PyObject *numbers = PyByteArray_FromStringAndSize(NULL, stay * (Py_ssize_t)sizeof(int64_t));
    PyObject *alone = PyByteArray_FromStringAndSize(NULL, stay);
    if (rows == NULL || numbers == NULL || alone == NULL) {
        Py_XDECREF(rows);
        Py_XDECREF(numbers);
        Py_XDECREF(alone);
        return NULL;
    }
    gather(portions, portions + parts, next, how->width, why, (double *)PyByteArray_AsString(rows),
           (int64_t *)PyByteArray_AsString(numbers), (uint8_t *)PyByteArray_AsString(alone));
    return Py_BuildValue("(NNN)", rows, numbers, alone);
}

PyDoc_STRVAR(thinned_doc, "thinned(parts, count, next, width, counting, first, size, level, most_turns): what stays of rows: they, their\n"
             "numbers, a byte for each, 1 if it stays for what it holds; None if a value is not finite.\n\n"
             "parts: a tuple of rows, each with their numbers among all, or None: then they are numbered from next on. Only the\n"
             "first count rows are looked at. Rows are of width doubles, columns that rise from counting on, values from first on.");
static PyObject *module_thinned(PyObject *module, PyObject *args)
{
    PyObject *parts, *result = NULL;
    Py_ssize_t count;
    long long next, size;
    Thinning how;
    if (!PyArg_ParseTuple(args, "O!nLiiiLin", &PyTuple_Type, &parts, &count, &next, &how.width, &how.counting, &how.first, &size,
                          &how.level, &how.most_turns))
        return NULL;
    how.size = size;
    if (count < 1 || how.first < SIDE_BY_SIDE - 1 || how.first > how.width || how.width > MOST_VARIABLES ||
        how.counting < EPOCH_COLUMN || how.counting > how.first || how.level < 0 || how.level > 50) {
        PyErr_SetString(PyExc_ValueError, "rows, and columns of them");
        return NULL;
    }
    const Py_ssize_t many = PyTuple_Size(parts);
    Portion *portions = calloc((size_t)many + 1, sizeof(Portion));
    Py_buffer *views = calloc(2 * (size_t)many + 1, sizeof(Py_buffer));
    Extremes *columns = calloc((size_t)how.width, sizeof(Extremes));
    uint8_t *why = malloc((size_t)count);
    if (portions == NULL || views == NULL || columns == NULL || why == NULL)
        PyErr_NoMemory();
    else if (take_portions(parts, how.width, count, portions, views) == count)
        result = what_stays(portions, many, count, next, &how, columns, why);
    else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "fewer rows than are to be looked at");
    for (Py_ssize_t i = 0; views != NULL && i < 2 * many; i++)
        PyBuffer_Release(views + i);
    free(portions);
    free(views);
    free(columns);
    free(why);
    return result;
}

/* Whether places may be written to: `count` rows of `columns` each, the first at `start`, in `room` doubles. */
static int fits_in(Py_ssize_t room, Py_ssize_t start, Py_ssize_t last, Py_ssize_t row_step, int columns, Py_ssize_t column_step)
{
    if (start < 0 || row_step < 1 || column_step < 1 || last >= room || row_step > room || column_step > room)
        return 0;
    return (double)start + (double)last * (double)row_step + (double)(columns - 1) * (double)column_step < (double)room;
}

PyDoc_STRVAR(spread_doc, "spread(rows, width, columns, places, into, start, row_step, column_step): copy columns of rows of so many doubles.\n\n"
             "A row goes to its place, 64 bits of *places*, or where it stands if that is None: its first column to the double\n"
             "start + place * row_step of *into*, the others behind it by column_step each. A column of -1 is left out.");
static PyObject *module_spread(PyObject *module, PyObject *args)
{
    Py_buffer rows, into, given = {0};
    PyObject *columns, *places;
    int width, from[MOST_VARIABLES];
    Py_ssize_t start, row_step, column_step, most = -1;
    if (!PyArg_ParseTuple(args, "y*iOOw*nnn", &rows, &width, &columns, &places, &into, &start, &row_step, &column_step))
        return NULL;
    const Py_ssize_t size = sizeof(double), wanted = PySequence_Size(columns);
    const Py_ssize_t count = width > 0 ? rows.len / (width * size) : -1;
    int fine = count >= 0 && rows.len == count * width * size && wanted >= 0 && wanted <= MOST_VARIABLES;
    for (Py_ssize_t i = 0; fine && i < wanted; i++) {
        PyObject *item = PySequence_GetItem(columns, i);
        from[i] = item == NULL ? width : (int)PyLong_AsLong(item);
        Py_XDECREF(item);
        fine = from[i] >= -1 && from[i] < width && !PyErr_Occurred();
    }
    if (fine && places != Py_None)
        fine = PyObject_GetBuffer(places, &given, PyBUF_SIMPLE) == 0 && given.len == count * (Py_ssize_t)sizeof(int64_t);
    const int64_t *place = given.buf;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        Py_ssize_t at = place == NULL ? i : (Py_ssize_t)place[i];
        fine = at >= 0;
        most = at > most ? at : most;
    }
    fine = fine && (count == 0 || fits_in(into.len / size, start, most, row_step, (int)wanted, column_step));
    if (fine) {
        const double *row = rows.buf;
        double *first = (double *)into.buf + start;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < count; i++, row += width) {
            double *to = first + (place == NULL ? i : (Py_ssize_t)place[i]) * row_step;
            for (Py_ssize_t j = 0; j < wanted; j++)
                if (from[j] >= 0)
                    to[j * column_step] = row[from[j]];
        }
        Py_END_ALLOW_THREADS
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "whole rows, their columns, and room for each at its place");
    }
    if (given.obj != NULL)
        PyBuffer_Release(&given);
    PyBuffer_Release(&rows);
    PyBuffer_Release(&into);
    return fine ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(merged_doc, "merged(tables, are_states): rows of tables in the order of their lines: the table of each, its place there, its\n"
             "line as 64 bits each, and a byte, 1 if it is overwritten.\n\n"
             "tables: a tuple of rows and their width, of three doubles at least. are_states: whether they are numbered by states,\n"
             "and the other two say their line and whether they are overwritten.");
static PyObject *module_merged(PyObject *module, PyObject *args)
{
    PyObject *tables, *found[4] = {NULL}, *result = NULL;
    int are_states;
    Py_ssize_t total = 0, taken = 0;
    if (!PyArg_ParseTuple(args, "O!p", &PyTuple_Type, &tables, &are_states))
        return NULL;
    const Py_ssize_t many = PyTuple_Size(tables);
    Rows *rows = calloc((size_t)many + 1, sizeof(Rows));
    Py_buffer *views = calloc((size_t)many + 1, sizeof(Py_buffer));
    if (rows == NULL || views == NULL)
        PyErr_NoMemory();
    else
        for (; taken < many; taken++, total += rows[taken - 1].count) {
            if (!PyArg_ParseTuple(PyTuple_GetItem(tables, taken), "y*n", views + taken, &rows[taken].width))
                break;
            Rows *one = rows + taken;
            one->rows = views[taken].buf;
            one->count = one->width >= FIRST_COLUMN && one->width <= MOST_VARIABLES ? views[taken].len / size_of((int)one->width, 1) : 0;
        }
    int fine = taken == many && rows != NULL && views != NULL;
    for (int i = 0; fine && i < 4; i++)
        fine = (found[i] = PyByteArray_FromStringAndSize(NULL, i < 3 ? total * (Py_ssize_t)sizeof(int64_t) : total)) != NULL;
    if (fine) {
        const Order order = {(int64_t *)PyByteArray_AsString(found[0]), (int64_t *)PyByteArray_AsString(found[1]),
                             (int64_t *)PyByteArray_AsString(found[2]), (uint8_t *)PyByteArray_AsString(found[3])};
        Py_BEGIN_ALLOW_THREADS
        merge(rows, many, are_states, &order);
        Py_END_ALLOW_THREADS
        result = PyTuple_Pack(4, found[0], found[1], found[2], found[3]);
    }
    for (int i = 0; i < 4; i++)
        Py_XDECREF(found[i]);
    for (Py_ssize_t i = 0; i < taken; i++)
        PyBuffer_Release(views + i);
    free(rows);
    free(views);
    return result;
}
