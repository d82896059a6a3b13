/* Lines whose template is enabled, stored as rows of doubles. */

enum { FIRST_COLUMN = 3, MOST_CHECKS = 64, DOUBLES_OF_A_TEMPLATE = 1 << 16, DOUBLES_OF_SEVERAL = 1 << 19,
       BYTES_OF_A_TEMPLATE = 1 << 18 };

/* What a variable part of a row must be, or must not be. */
typedef struct { int part, equal; double value; } Check;

/* Rows of one template, or of several that have the same columns, in the order of their lines. */
typedef struct {
    int shared;               /* whether several store theirs here */
    PyObject *block;          /* bytes object in which the rows stand */
    double *rows;
    Py_ssize_t count, room;
    uint8_t *lines;           /* the lines themselves, where they are kept */
    Py_ssize_t kept;          /* bytes of them */
} Table;

typedef struct {
    int enabled;              /* whether rows are wanted at present */
    int hidden;               /* whether any part that a row needs stands in a text: then all parts are looked for */
    int last_part;            /* of those that a row needs */
    int width;                /* doubles in a row: its line, the counters, then the columns */
    int columns[MOST_VARIABLES]; /* the variable part that each column comes from */
    int major, minor;         /* variable parts that must rise from row to row, or -1; a major one alone must not fall */
    int forbids;              /* whether a value of -1 in a column makes a row one for Python */
    int checked;
    Check checks[MOST_CHECKS];
    int keeps;                /* whether the lines themselves are kept, too */
    int joined;               /* whether the table is that of another template */
    Table *table;
} Template;

typedef struct { double major, minor; } Counters;

/* Whether a part of a line is the number or the run that a step ends with. */
static int is_last_of_a_step(const Program *program, int32_t last, int part)
{
    for (int32_t here = last; here >= 0; here = program->steps[here].parent) {
        const Step *step = program->steps + here;
        if ((step->last == NUMBER || step->last == RUN) && part == step->slot)
            return 1;
    }
    return 0;
}

/* Look up anew which of the parts that rows need stand in a text; `last` is the template's last step. */
static void settle(const Program *program, int32_t last, Template *template)
{
    int parts[MOST_VARIABLES + MOST_CHECKS + 2], count = 0;
    for (int i = FIRST_COLUMN; i < template->width; i++)
        parts[count++] = template->columns[i];
    for (int i = 0; i < template->checked; i++)
        parts[count++] = template->checks[i].part;
    parts[count++] = template->major;
    parts[count++] = template->minor;
    template->hidden = 0;
    template->last_part = -1;
    while (count-- > 0) {
        if (parts[count] > template->last_part)
            template->last_part = parts[count];
        if (parts[count] >= 0 && !is_last_of_a_step(program, last, parts[count]))
            template->hidden = 1;
    }
}

/* Read what stands in texts as if each part were a number of its own. */
static void read_hidden(const Part *parts, int count, Printed *printed)
{
    for (int i = 0; i < count; i++) {
        printed[i] = (Printed){0, 0, 0, 0, 0};
        if (parts[i].start == parts[i].end ||
            (digits(parts[i].start, printed + i) != parts[i].end && any_number(parts[i].start, printed + i) != parts[i].end))
            printed[i] = (Printed){0, 1 << 20, 0, 0, 0}; /* blanks: no value */
    }
}

/* Whether a counter is one that the builder takes for none: no run counts so many epochs or steps. */
static int is_absurd(double counter) { return fabs(counter) >= 1e15 && fabs(counter) < HUGE_VAL; }

/* Whether the numbers of a line let it be a row; its counters go into `now`. */
static inline int is_row(const Template *template, const Counters *counters, const uint64_t *powers, const Printed *printed,
                         Counters *now)
{
    double value;
    *now = *counters;
    if (template->major >= 0 && !value_of(powers, printed + template->major, &now->major))
        return 0;
    if (template->minor >= 0) {
        if (template->major < 0)
            now->major = 0.0;
        if (!value_of(powers, printed + template->minor, &now->minor) ||
            !(now->major > counters->major || (now->major == counters->major && now->minor > counters->minor)))
            return 0;
    } else if (template->major >= 0 && now->major < counters->major) {
        return 0;
    }
    if (is_absurd(now->major) || is_absurd(now->minor))
        return 0;
    for (const Check *check = template->checks; check < template->checks + template->checked; check++)
        if (!value_of(powers, printed + check->part, &value) || (value == check->value) != check->equal)
            return 0;
    return 1;
}

/* Whether something is asked of a part of the rows of a template. */
static int is_looked_at(const Template *template, int part)
{
    int looked_at = part == template->major || part == template->minor;
    for (int i = 0; i < template->checked; i++)
        looked_at |= part == template->checks[i].part;
    return looked_at;
}

static inline int has_room(const Template *template, Py_ssize_t length)
{
    const Table *table = template->table;
    return table->count < table->room && !(template->keeps && length > BYTES_OF_A_TEMPLATE - table->kept);
}

/* Where the next row goes. */
static inline double *next_row(const Template *template) { return template->table->rows + template->table->count * template->width; }

/* A value that makes a row one for Python; where there is none, what is equal to nothing. */
static inline double forbidden(const Template *template) { return template->forbids ? -1.0 : (double)NAN; }

/* Whether a value of a row is one that makes it a row for Python. */
static int holds_forbidden(const Template *template, const double *row)
{
    for (int i = FIRST_COLUMN; i < template->width; i++)
        if (row[i] == forbidden(template))
            return 1;
    return 0;
}

/* Take the next row, whose columns are filled. */
static inline void add_row(Template *template, Counters *counters, const Counters *now, Py_ssize_t line, const uint8_t *text,
                           Py_ssize_t length)
{
    Table *table = template->table;
    double *row = next_row(template);
    row[0] = (double)line;
    row[1] = now->major;
    row[2] = now->minor;
    if (template->keeps) {
        memcpy(table->lines + table->kept, text, (size_t)length);
        table->kept += length;
    }
    table->count++;
    *counters = *now;
}

/* Take the next row, whose columns are filled, if the numbers of the line let it be one and there is room; return whether
   it was taken. `printed` holds what counts and what is checked. */
static inline int complete_row(Template *template, Counters *counters, const uint64_t *powers, const Printed *printed,
                               Py_ssize_t line, const uint8_t *text, Py_ssize_t length)
{
    Counters now;
    if (!is_row(template, counters, powers, printed, &now) || !has_room(template, length))
        return 0;
    add_row(template, counters, &now, line, text, length);
    return 1;
}

/* The column that a part of a line goes to, if it is one; 0 if none; -1 if there are several. */
static int column_of(const Template *template, int part)
{
    int column = 0;
    for (int i = FIRST_COLUMN; i < template->width; i++)
        if (part == template->columns[i])
            column = column ? -1 : i;
    return column;
}

/* Store a row; return 1 if stored, 0 if the line is one for Python, -1 if there is no room. `text` is the line with its
   newline. */
static int store(Template *template, Counters *counters, const uint64_t *powers, const Printed *printed, Py_ssize_t line,
                 const uint8_t *text, Py_ssize_t length)
{
    Counters now;
    if (!is_row(template, counters, powers, printed, &now))
        return 0;
    if (!has_room(template, length))
        return template->table->count ? -1 : 0;
    double *row = next_row(template);
    const double stays_out = forbidden(template);
    for (int column = FIRST_COLUMN; column < template->width; column++)
        if (!value_of(powers, printed + template->columns[column], row + column) || row[column] == stays_out)
            return 0;
    add_row(template, counters, &now, line, text, length);
    return 1;
}
