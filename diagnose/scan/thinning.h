/* Which of many rows stay when the others are thinned, as `alone` and `in_stretch` of diagnose/reader/thinning.py say it
   in Python, where all values are finite and turns few. */

enum { EPOCH_COLUMN = 1, STRETCH_BITS = 5 };

typedef struct { double low, high; Py_ssize_t lowest, highest, turns; } Extremes;

/* Note the rows in which a bucket's extremes stand, and those before the highest. */
static void keep_extremes(const Extremes *columns, int count, uint8_t *kept)
{
    for (const Extremes *column = columns; column < columns + count; column++)
        kept[column->lowest] = kept[column->highest] = kept[column->highest - (column->highest > 0)] = 1;
}

/* Whether a stretch of rows is the one of its bucket that was drawn: at each level one of two halves is. */
static uint8_t is_drawn(int64_t stretch, int level)
{
    for (int step = 0; step < level; step++) {
        uint64_t half = (uint64_t)stretch >> step;
        if ((half & 1) != ((((half >> 1) * 0x9E3779B1 >> 13) + (uint64_t)step) & 1))
            return 0;
    }
    return 1;
}

/* Note which rows stay for what they hold, and which lie in a stretch that was drawn; return 0 if a value is not finite,
   or a column turns more than `most_turns` times.

   rows: `count` of them, of `width` doubles, from the one at `counting` on columns that rise, from `first` on values.
   index: the number of each among all.
   columns: room for each. */
static int thinned(const double *rows, Py_ssize_t count, int width, int counting, int first, const int64_t *index, int level,
                   Py_ssize_t most_turns, Extremes *columns, uint8_t *kept, uint8_t *drawn)
{
    int64_t stretch = -1, bucket = -1;
    uint8_t is_in = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const double *row = rows + i * width, *before = i ? row - width : row;
        for (int at = EPOCH_COLUMN; at < first; at++)
            if (at < counting ? before[at] != row[at] && !isnan(before[at]) : before[at] > row[at]) {
                kept[i - (i > 0)] = kept[i] = 1;
                if (++columns[at].turns > most_turns)
                    return 0;
            }
        if (index[i] >> STRETCH_BITS != stretch) {
            stretch = index[i] >> STRETCH_BITS;
            is_in = is_drawn(stretch, level);
        }
        drawn[i] = is_in;
        if (stretch >> level != bucket) {
            if (i)
                keep_extremes(columns + first, width - first, kept);
            bucket = stretch >> level;
            for (int at = first; at < width; at++) {
                if (!isfinite(row[at]))
                    return 0;
                columns[at].low = columns[at].high = row[at];
                columns[at].lowest = columns[at].highest = i;
            }
            continue;
        }
        for (int at = first; at < width; at++) {
            Extremes *column = columns + at;
            if (row[at] >= column->low && row[at] <= column->high)
                continue;
            if (!isfinite(row[at]))
                return 0;
            if (row[at] < column->low) {
                column->low = row[at];
                column->lowest = i;
            } else {
                column->high = row[at];
                column->highest = i;
            }
        }
    }
    keep_extremes(columns + first, width - first, kept);
    kept[0] = kept[count - 1] = 1;
    return 1;
}
