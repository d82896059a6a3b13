/* Which of many rows stay when the others are thinned, as `alone` and `in_stretch` of diagnose/reader/thinning.py say it
   in Python, where all values are finite. */

enum { EPOCH_COLUMN = 1, STRETCH_BITS = 5, STRETCH = 1 << STRETCH_BITS, ENDS = STRETCH / 2, SIDE_BY_SIDE = 4 };

/* Why a row stays: for what it holds, as one of a stretch that was drawn. */
enum { ALONE = 1, DRAWN = 2 };

/* Some rows, and the number of each among all, or NULL where they are numbered one after the other. */
typedef struct { const double *rows; const int64_t *numbers; Py_ssize_t count; } Portion;

typedef struct {
    int width;                /* doubles of a row */
    int counting, first;      /* from where on its columns rise, and are values */
    int level;
    int64_t size;             /* how many rows there are in all */
    Py_ssize_t most_turns;    /* of a column */
} Thinning;

/* The first of the rows among which an extreme stands, and which of all rows that is. */
typedef struct { double value; const double *first; Py_ssize_t i; } Extreme;

/* The extremes of a value in a bucket, and its sum; how often a column that is no value turned. */
typedef struct { Extreme low, high; double sum; Py_ssize_t turns; } Extremes;

/* In which row an extreme stands first. */
static Py_ssize_t row_of(const Extreme *extreme, int width)
{
    Py_ssize_t count = 0;
    while (extreme->first[count * width] != extreme->value)
        count++;
    return extreme->i + count;
}

/* Note the rows in which a bucket's extremes stand, and those before the highest; return 0 if a value is not finite. */
static int keep_extremes(const Extremes *column, const Extremes *end, int width, uint8_t *why)
{
    for (; column < end; column++) {
        if (column->sum - column->sum != 0.0)
            return 0;
        const Py_ssize_t highest = row_of(&column->high, width);
        why[row_of(&column->low, width)] |= ALONE;
        why[highest] |= ALONE;
        why[highest - (highest > 0)] |= ALONE;
    }
    return 1;
}

/* Whether a stretch of rows is the one of its bucket that was drawn: at each level one of two halves is. */
static int is_drawn(int64_t stretch, int level)
{
    for (int step = 0; step < level; step++) {
        uint64_t half = (uint64_t)stretch >> step;
        if ((half & 1) != ((((half >> 1) * 0x9E3779B1 >> 13) + (uint64_t)step) & 1))
            return 0;
    }
    return 1;
}

/* Whether a column that is no value turns: it changes, or where it rises, falls. */
static inline int turns(double before, double now, int rises)
{
    return rises ? before > now : before != now && !isnan(before);
}

/* Whether a column may turn among some rows. Without a branch, since hardly any does. */
static int may_turn(const double *value, Py_ssize_t count, int width, int rises)
{
    int found = 0;
    for (; count > 1; count--, value += width)
        found |= rises ? value[0] > value[width] : value[0] != value[width];
    return found;
}

/* Note the rows of a stretch, from row `i` on, at which a column turns, and those before them, if they are among the first
   ones: half of all that stay. `before` is the row before the stretch, or NULL. */
static void keep_first_turns(const Thinning *how, const double *before, const double *row, Py_ssize_t count, Py_ssize_t i,
                             Extremes *columns, uint8_t *why)
{
    for (int at = EPOCH_COLUMN; at < how->first; at++) {
        const int rises = at >= how->counting;
        const double *last = before, *now = row;
        Py_ssize_t left = may_turn(row + at, count, how->width, rises) ? count : 1;
        for (Py_ssize_t k = i; left > 0; left--, k++, last = now, now += how->width)
            if (last != NULL && turns(last[at], now[at], rises) && columns[at].turns++ < how->most_turns / 2)
                why[k] |= ALONE, why[k - 1] |= ALONE;
    }
}

/* Note the last rows at which a column turns, and those before them; `i` rows are in the portions. */
static void keep_last_turns(const Portion *portions, const Portion *end, const Thinning *how, int at, Py_ssize_t i, uint8_t *why)
{
    Py_ssize_t left = how->most_turns / 2;
    const double *after = NULL;
    while (end-- > portions)
        for (Py_ssize_t k = end->count; k-- > 0 && left > 0;) {
            const double *row = end->rows + k * how->width;
            i--;
            if (after != NULL && turns(row[at], after[at], at >= how->counting)) {
                why[i] |= ALONE;
                why[i + 1] |= ALONE;
                left--;
            }
            after = row;
        }
}

/* Take the values of some rows, from row `i` on, in columns that stand side by side, to those of their bucket, of which they
   may be the first. Written for compilers to take several columns at once. */
static void widen(Extremes *columns, const double *first, Py_ssize_t count, int width, Py_ssize_t i, int are_first)
{
    double low[SIDE_BY_SIDE], high[SIDE_BY_SIDE], sum[SIDE_BY_SIDE];
    for (int at = 0; at < SIDE_BY_SIDE; at++) {
        low[at] = high[at] = first[at];
        sum[at] = are_first ? 0.0 : columns[at].sum;
    }
    for (const double *row = first; count > 0; count--, row += width)
        for (int at = 0; at < SIDE_BY_SIDE; at++) {
            const double value = row[at];
            low[at] = low[at] < value ? low[at] : value;
            high[at] = high[at] > value ? high[at] : value;
            sum[at] += value;
        }
    for (int at = 0; at < SIDE_BY_SIDE; at++) {
        columns[at].sum = sum[at];
        if (are_first || low[at] < columns[at].low.value)
            columns[at].low = (Extreme){low[at], first + at, i};
        if (are_first || high[at] > columns[at].high.value)
            columns[at].high = (Extreme){high[at], first + at, i};
    }
}

/* How many of the rows from `k` on are in one stretch with it. */
static Py_ssize_t rows_of_stretch(const Portion *portion, Py_ssize_t k, int64_t number)
{
    const int64_t left = (((number >> STRETCH_BITS) + 1) << STRETCH_BITS) - number;
    Py_ssize_t end = left < portion->count - k ? k + (Py_ssize_t)left : portion->count, count = 1;
    if (portion->numbers == NULL)
        return end - k;
    while (k + count < end && portion->numbers[k + count] >> STRETCH_BITS == number >> STRETCH_BITS)
        count++;
    return count;
}

/* Note why each row stays, 0 where it does not; return 0 if a value is not finite. `next` is the number of the first row
   whose number is not told. */
static int thinned(const Portion *portions, const Portion *end, int64_t next, const Thinning *how, Extremes *columns, uint8_t *why)
{
    const int width = how->width, bits = STRETCH_BITS + how->level;
    const double *before = NULL;
    int64_t bucket = -1;
    Py_ssize_t i = 0, count;
    for (const Portion *portion = portions; portion < end; portion++)
        for (Py_ssize_t k = 0; k < portion->count; k += count, i += count) {
            const double *row = portion->rows + k * width;
            const int64_t number = portion->numbers == NULL ? next : portion->numbers[k];
            const int are_first = number >> bits != bucket;
            if (are_first && i > 0 && !keep_extremes(columns + how->first, columns + width, width, why))
                return 0;
            bucket = number >> bits;
            count = rows_of_stretch(portion, k, number);
            next += portion->numbers == NULL ? count : 0;
            for (int at = how->first; at < width; at += SIDE_BY_SIDE) {
                const int from = at < width - SIDE_BY_SIDE ? at : width - SIDE_BY_SIDE; /* some of them twice */
                widen(columns + from, row + from, count, width, i, are_first);
            }
            memset(why + i, is_drawn(number >> STRETCH_BITS, how->level) ? DRAWN : 0, (size_t)count);
            for (Py_ssize_t of = 0; of < count && (number < ENDS || number + STRETCH > how->size - ENDS); of++) {
                const int64_t one = portion->numbers == NULL ? number + of : portion->numbers[k + of];
                why[i + of] |= one < ENDS || one >= how->size - ENDS ? ALONE : 0;
            }
            keep_first_turns(how, before, row, count, i, columns, why);
            before = row + (count - 1) * width;
        }
    if (!keep_extremes(columns + how->first, columns + width, width, why))
        return 0;
    for (int at = EPOCH_COLUMN; at < how->first; at++)
        if (columns[at].turns > how->most_turns / 2)
            keep_last_turns(portions, end, how, at, i, why);
    why[0] |= ALONE;
    why[i - 1] |= ALONE;
    return 1;
}

/* How many rows stay. */
static Py_ssize_t count_staying(const uint8_t *why, Py_ssize_t count)
{
    Py_ssize_t stay = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        stay += why[i] != 0;
    return stay;
}

/* Write what stays of rows: the rows, their numbers, and whether each stands for itself alone. */
static void gather(const Portion *portion, const Portion *end, int64_t next, int width, const uint8_t *why, double *rows,
                   int64_t *numbers, uint8_t *alone)
{
    for (; portion < end; why += portion->count, portion++) {
        for (Py_ssize_t k = 0; k < portion->count; k++) {
            if (!why[k])
                continue;
            memcpy(rows, portion->rows + k * width, (size_t)width * sizeof(double));
            rows += width;
            *numbers++ = portion->numbers == NULL ? next + k : portion->numbers[k];
            *alone++ = why[k] & ALONE;
        }
        next += portion->numbers == NULL ? portion->count : 0;
    }
}
