/* Which of many rows stay when the others are thinned, as `alone` and `in_stretch` of diagnose/reader/thinning.py say it
   in Python, where all values are finite. */

enum { EPOCH_COLUMN = 1, STRETCH_BITS = 5, ENDS = 1 << (STRETCH_BITS - 1), FEW_ROWS = 128 };

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

/* The extremes of a value in a bucket, the rows in which they stand; how often a column that is no value turned. */
typedef struct { double low, high; Py_ssize_t lowest, highest, turns; } Extremes;

/* Note the rows in which a bucket's extremes stand, and those before the highest. */
static void keep_extremes(const Extremes *column, const Extremes *end, uint8_t *why)
{
    for (; column < end; column++) {
        why[column->lowest] |= ALONE;
        why[column->highest] |= ALONE;
        why[column->highest - (column->highest > 0)] |= ALONE;
    }
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

/* Whether a column turns from one row to the next, and is among the first ones to do so: half of all that stay. */
static inline int turned(const Thinning *how, const double *before, const double *now, Extremes *columns)
{
    int stays = 0;
    for (int at = EPOCH_COLUMN; at < how->first; at++)
        if (turns(before[at], now[at], at >= how->counting))
            stays |= columns[at].turns++ < how->most_turns / 2;
    return stays;
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

/* How many rows are before the first one with some value, which is there. */
static Py_ssize_t rows_before(const double *values, int width, double value)
{
    Py_ssize_t count = 0;
    while (values[count * width] != value)
        count++;
    return count;
}

/* Take the values of `count` rows, from row `i` on, to those of their bucket, of which they may be the first; return 0 if
   one is not finite. Two rows are taken at a time, without a branch. */
static int widen(Extremes *column, const double *values, Py_ssize_t count, int width, Py_ssize_t i, int are_first)
{
    double low[2] = {*values, *values}, high[2] = {*values, *values}, none[2] = {0.0, 0.0};
    for (Py_ssize_t k = 0; k < count; k += 2)
        for (int which = 0; which < 2; which++) {
            const double value = values[(k + which < count ? k + which : k) * width];
            low[which] = value < low[which] ? value : low[which];
            high[which] = value > high[which] ? value : high[which];
            none[which] += value - value;
        }
    const double lowest = low[0] < low[1] ? low[0] : low[1], highest = high[0] > high[1] ? high[0] : high[1];
    if (none[0] + none[1] != 0.0)
        return 0;
    if (are_first || lowest < column->low) {
        column->low = lowest;
        column->lowest = i + rows_before(values, width, lowest);
    }
    if (are_first || highest > column->high) {
        column->high = highest;
        column->highest = i + rows_before(values, width, highest);
    }
    return 1;
}

/* How many of the rows from `k` on, few, are in the same bucket. */
static Py_ssize_t rows_of_bucket(const Portion *portion, Py_ssize_t k, int64_t number, int bits)
{
    Py_ssize_t end = k + FEW_ROWS < portion->count ? k + FEW_ROWS : portion->count, count = 1;
    if (portion->numbers == NULL) {
        const int64_t left = (((number >> bits) + 1) << bits) - number;
        return left < end - k ? (Py_ssize_t)left : end - k;
    }
    while (k + count < end && portion->numbers[k + count] >> bits == number >> bits)
        count++;
    return count;
}

/* Note why each row stays, 0 where it does not; return 0 if a value is not finite. `next` is the number of the first row
   whose number is not told. */
static int thinned(const Portion *portions, const Portion *end, int64_t next, const Thinning *how, Extremes *columns, uint8_t *why)
{
    const int width = how->width, bits = STRETCH_BITS + how->level;
    const double *before = NULL;
    int64_t stretch = -1, bucket = -1;
    uint8_t is_in = 0;
    Py_ssize_t i = 0, count;
    for (const Portion *portion = portions; portion < end; portion++)
        for (Py_ssize_t k = 0; k < portion->count; k += count, i += count) {
            const double *row = portion->rows + k * width;
            int64_t number = portion->numbers == NULL ? next : portion->numbers[k];
            const int are_first = number >> bits != bucket;
            if (are_first && i > 0)
                keep_extremes(columns + how->first, columns + width, why);
            bucket = number >> bits;
            count = rows_of_bucket(portion, k, number, bits);
            next += portion->numbers == NULL ? count : 0;
            for (int at = how->first; at < width; at++)
                if (!widen(columns + at, row + at, count, width, i, are_first))
                    return 0;
            for (Py_ssize_t of = 0; of < count; of++, row += width) {
                number = portion->numbers == NULL ? number + (of > 0) : portion->numbers[k + of];
                if (number >> STRETCH_BITS != stretch) {
                    stretch = number >> STRETCH_BITS;
                    is_in = is_drawn(stretch, how->level) ? DRAWN : 0;
                }
                why[i + of] = is_in | (number < ENDS || number >= how->size - ENDS ? ALONE : 0);
                if (before != NULL && turned(how, before, row, columns)) {
                    why[i + of - 1] |= ALONE;
                    why[i + of] |= ALONE;
                }
                before = row;
            }
        }
    keep_extremes(columns + how->first, columns + width, why);
    for (int at = EPOCH_COLUMN; at < how->first; at++)
        if (columns[at].turns > how->most_turns / 2)
            keep_last_turns(portions, end, how, at, i, why);
    why[0] |= ALONE;
    why[i - 1] |= ALONE;
    return 1;
}

/* Write what stays of rows: the rows, their numbers, and whether each stands for itself alone. */
static void gather(const Portion *portion, const Portion *end, int64_t next, int width, const uint8_t *why, double *rows,
                   int64_t *numbers, uint8_t *alone)
{
    for (; portion < end; portion++)
        for (Py_ssize_t k = 0; k < portion->count; k++, why++, next += portion->numbers == NULL) {
            if (!*why)
                continue;
            memcpy(rows, portion->rows + k * width, (size_t)width * sizeof(double));
            rows += width;
            *numbers++ = portion->numbers == NULL ? next : portion->numbers[k];
            *alone++ = *why & ALONE;
        }
}
