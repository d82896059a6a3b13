/* Rows of several tables, each in the order of its lines, put into the order of all. */

/* Rows of doubles, of which the first is the number of a line. */
typedef struct { const double *rows; Py_ssize_t width, count, at; } Rows;

/* Of each row in the order of all: its table, its place there, its line, and whether a later state overwrites it. */
typedef struct { int64_t *table, *place, *line; uint8_t *overwritten; } Order;

/* What is told of the states that lines are numbers of, if they are; the line before the first, and the one before a state. */
typedef struct { const uint8_t *told; Py_ssize_t count, states; int64_t line; } Lines;

/* The table whose next row comes first, -1 if there is none; `*until` is the line of the one that comes second. */
static Py_ssize_t comes_first(const Rows *tables, Py_ssize_t many, double *until)
{
    Py_ssize_t first = -1;
    double least = HUGE_VAL;
    *until = HUGE_VAL;
    for (Py_ssize_t i = 0; i < many; i++) {
        if (tables[i].at == tables[i].count)
            continue;
        const double line = tables[i].rows[tables[i].at * tables[i].width];
        if (first < 0 || line < least) {
            *until = first < 0 ? HUGE_VAL : least;
            least = line;
            first = i;
        } else if (line < *until) {
            *until = line;
        }
    }
    return first;
}

/* Put rows in order; return 0 if a line is none of the states. */
static int merge(Rows *tables, Py_ssize_t many, Lines *lines, const Order *order)
{
    Py_ssize_t first, to = 0;
    double until;
    while ((first = comes_first(tables, many, &until)) >= 0) {
        Rows *table = tables + first;
        do {
            const double line = table->rows[table->at * table->width];
            order->table[to] = first;
            order->place[to] = table->at++;
            order->line[to] = (int64_t)line;
            order->overwritten[to] = 0;
            if (lines->told != NULL) {
                if (!(line >= 1 && line <= (double)lines->count))
                    return 0;
                const Py_ssize_t state = (Py_ssize_t)line;
                for (; lines->states < state - 1; lines->states++)
                    lines->line += lines->told[lines->states] & ENDS_LINE;
                order->line[to] = lines->line + 1;
                order->overwritten[to] = (lines->told[state - 1] & OVERWRITTEN) != 0;
            }
            to++;
        } while (table->at < table->count && table->rows[table->at * table->width] < until);
    }
    return 1;
}
