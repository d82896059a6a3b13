/* Which of many rows stay when the others are thinned, as `alone` and `in_stretch` of diagnose/reader/thinning.py say it
   in Python, where all values are finite and turns few. */

enum { EPOCH_COLUMN = 1, STRETCH_BITS = 5, ENDS = 1 << (STRETCH_BITS - 1) };

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

/* The extremes of each value in a bucket, the rows in which they stand, and how often what is no value turned. */
typedef struct {
    double low[MOST_VARIABLES], high[MOST_VARIABLES];
    Py_ssize_t lowest[MOST_VARIABLES], highest[MOST_VARIABLES], turns[MOST_VARIABLES];
} Extremes;

/* Note the rows in which a bucket's extremes stand, and those before the highest. */
static void keep_extremes(const Extremes *bucket, int count, uint8_t *why)
{
    for (int at = 0; at < count; at++) {
        why[bucket->lowest[at]] |= ALONE;
        why[bucket->highest[at]] |= ALONE;
        why[bucket->highest[at] - (bucket->highest[at] > 0)] |= ALONE;
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

/* Count the columns that are no values and fall, or change, from one row to the next; return 0 where one did too often, -1
   where none does. */
static inline int turned(const Thinning *how, const double *before, const double *now, Extremes *bucket)
{
    int fine = -1;
    for (int at = EPOCH_COLUMN; at < how->counting; at++)
        if (before[at] != now[at] && !isnan(before[at]))
            fine = fine && ++bucket->turns[at] <= how->most_turns;
    for (int at = how->counting; at < how->first; at++)
        if (before[at] > now[at])
            fine = fine && ++bucket->turns[at] <= how->most_turns;
    return fine;
}

/* Whether any value is beyond the extremes so far, or is no number. */
static inline int is_any_beyond(const double *values, const Extremes *bucket, int count)
{
    for (int at = 0; at < count; at++)
        if (!(values[at] >= bucket->low[at] && values[at] <= bucket->high[at]))
            return 1;
    return 0;
}

/* Take the values of row `i` to those of its bucket; return 0 if one is not finite. */
static APART int widen(const double *values, Extremes *bucket, int count, Py_ssize_t i, int is_new)
{
    for (int at = 0; at < count; at++) {
        if (!isfinite(values[at]))
            return 0;
        if (is_new || values[at] < bucket->low[at]) {
            bucket->low[at] = values[at];
            bucket->lowest[at] = i;
        }
        if (is_new || values[at] > bucket->high[at]) {
            bucket->high[at] = values[at];
            bucket->highest[at] = i;
        }
    }
    return 1;
}

/* Note why each row stays, 0 where it does not; return 0 if a value is not finite, or a column turns too often. `next` is
   the number of the first row whose number is not told. */
static int thinned(const Portion *portion, const Portion *end, int64_t next, const Thinning *how, Extremes *bucket, uint8_t *why)
{
    const int values = how->width - how->first;
    const double *before = NULL;
    int64_t stretch = -1, open = -1;
    uint8_t is_in = 0;
    Py_ssize_t i = 0;
    for (; portion < end; portion++)
        for (Py_ssize_t k = 0; k < portion->count; k++, i++) {
            const double *row = portion->rows + k * how->width;
            const int64_t number = portion->numbers == NULL ? next++ : portion->numbers[k];
            if (number >> STRETCH_BITS != stretch) {
                stretch = number >> STRETCH_BITS;
                is_in = is_drawn(stretch, how->level) ? DRAWN : 0;
            }
            why[i] = is_in | (number < ENDS || number >= how->size - ENDS ? ALONE : 0);
            const int turns = i > 0 ? turned(how, before, row, bucket) : -1;
            if (turns == 0)
                return 0;
            if (turns > 0) {
                why[i - 1] |= ALONE;
                why[i] |= ALONE;
            }
            const int is_new = stretch >> how->level != open;
            if (is_new && i > 0)
                keep_extremes(bucket, values, why);
            open = stretch >> how->level;
            if ((is_new || is_any_beyond(row + how->first, bucket, values)) && !widen(row + how->first, bucket, values, i, is_new))
                return 0;
            before = row;
        }
    keep_extremes(bucket, values, why);
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
