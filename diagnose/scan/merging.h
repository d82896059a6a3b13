/* Rows of several tables, each in the order of its lines, put into the order of all. */

/* Rows of doubles, of which the first is the number of a line. */
typedef struct { const double *rows; Py_ssize_t width, count, at; } Rows;

/* Of each row in the order of all: its table, its place there, its line, and whether a later state overwrites it. */
typedef struct { int64_t *table, *place, *line; uint8_t *overwritten; } Order;

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

/* Put rows in order. Where they are states, line and what overwrites them stand behind their number. */
static void merge(Rows *tables, Py_ssize_t many, int are_states, const Order *order)
{
    Py_ssize_t first, to = 0;
    double until;
    while ((first = comes_first(tables, many, &until)) >= 0) {
        Rows *table = tables + first;
        const double *row = table->rows + table->at * table->width;
        do {
            order->table[to] = first;
            order->place[to] = table->at++;
            order->line[to] = (int64_t)row[are_states ? 1 : 0];
            order->overwritten[to++] = are_states && row[2] != 0.0;
            row += table->width;
        } while (table->at < table->count && *row < until);
    }
}
