/* Rows that are like one before but for the digits of their numbers: known again eight bytes at a time, and read where
   that one had its numbers.

   Most lines of a log have the widths of the line before them. Such a line needs no search: what is remembered of a row
   is its bytes, those that may be another digit, and where the numbers stand that its template stores. A row is only
   remembered if no template that is tried earlier can accept a line that differs in these digits. */

enum { MOST_ALIKE = 4, LONGEST_ALIKE = 1024, LONGEST_PAUSE = 255 };

/* Where a number stands: up to eight characters, or two of them for what is before the point and behind it. */
typedef struct {
    int32_t part;             /* which variable part of the line it is */
    int32_t at, behind;       /* its first digit; the first one behind the point, if that is read by itself, or 0 */
    int32_t shift, shift_behind; /* bits by which eight bytes are moved so that the last character is the highest */
    int32_t power;            /* of ten, by which its digits are multiplied */
    int32_t exponent;         /* where an exponent's digits are, or 0 */
    int32_t falls, negative;  /* whether the exponent is, whether the number is */
    int32_t column;           /* where in a row its value goes, or 0 */
    uint64_t before, rest;    /* of these eight bytes the digits before a point among them; those behind it, or all */
} Spot;

typedef struct {
    int32_t template, length; /* length of the line with its newline; 0 where nothing is remembered */
    int32_t count;            /* spots */
    int32_t served;           /* whether any line was like this one */
    uint64_t bytes[LONGEST_ALIKE / 8], unlike[LONGEST_ALIKE / 8]; /* as in `Word`; the last one ends with the line */
    Spot spots[MOST_VARIABLES + 2];
} Alike;

typedef struct {
    Alike *each[MOST_ALIKE];  /* the last one that served comes first */
    uint32_t pause, penalty;  /* rows that go by before another one is remembered; more where that was in vain */
    Luck luck;
} Alikes;

/* Forget the rows of a template, or all of them at -1. */
static void forget_alike(Alikes *alikes, int32_t template)
{
    for (int i = 0; i < MOST_ALIKE; i++) {
        Alike *one = alikes->each[i];
        if (one != NULL && (template < 0 || one->template == template)) {
            one->length = 0;
            one->served = 1;
        }
    }
}

/* Whether a line is like a row but for digits. */
static inline int is_alike(const Alike *one, const uint8_t *at)
{
    const uint64_t *bytes = one->bytes, *unlike = one->unlike;
    int32_t place = 0;
    for (; place + 32 <= one->length; place += 32, bytes += 4, unlike += 4) {
        uint64_t differs = 0;
        for (int i = 0; i < 4; i++) {
            uint64_t difference = eight(at + place + 8 * i) ^ bytes[i];
            differs |= (difference + unlike[i]) | difference;
        }
        if (differs & HIGHEST)
            return 0;
    }
    uint64_t differs = 0;
    for (; place < one->length; place += 8, bytes++, unlike++) {
        uint64_t difference = eight(at + (place + 8 <= one->length ? place : one->length - 8)) ^ *bytes;
        differs |= (difference + *unlike) | difference;
    }
    return !(differs & HIGHEST);
}

/* Read the number at a spot; return 0 if its value is left to Python. */
static inline int read_spot(const Spot *spot, const uint64_t *powers, const uint8_t *line, Printed *printed)
{
    uint64_t characters = eight(line + spot->at) << spot->shift;
    uint64_t value = number_of((characters & spot->before) << 8 | (characters & spot->rest));
    if (spot->behind)
        value = value * (uint64_t)EXACT[-spot->power] +
                number_of(eight(line + spot->behind) << spot->shift_behind & 0x0F0F0F0F0F0F0F0F);
    if (spot->exponent) {
        int32_t exponent = 0;
        for (const uint8_t *digit = line + spot->exponent; is_digit(*digit); digit++)
            exponent = exponent * 10 + (*digit - '0');
        *printed = (Printed){value, 18, spot->power + (spot->falls ? -exponent : exponent), 0, spot->negative, 0};
        if (!value_of(powers, printed, &printed->value))
            return 0;
    } else {
        printed->value = (double)(int64_t)value / EXACT[-spot->power];
        if (spot->negative)
            printed->value = -printed->value;
    }
    printed->count = TOLD;
    return 1;
}

/* The row that a line is like, or NULL. */
static inline Alike *like(Alikes *alikes, const uint8_t *at, const uint8_t *end)
{
    for (int i = 0; i < MOST_ALIKE; i++) {
        Alike *one = alikes->each[i];
        if (one == NULL || one->length == 0 || one->length > end - at || !is_alike(one, at))
            continue;
        for (; i > 0; i--)
            alikes->each[i] = alikes->each[i - 1];
        alikes->each[0] = one;
        one->served = 1;
        had_luck(&alikes->luck);
        return one;
    }
    had_none(&alikes->luck);
    return NULL;
}

/* Store a line that is like one before as a row; return what is behind it, or NULL if it is not, or if `store` is to tell
   what becomes of it. `printed` has a place for each variable part. */
static inline const uint8_t *repeated(Alikes *alikes, Template *templates, Counters *counters, const uint64_t *powers,
                                      const uint8_t *line, const uint8_t *end, Py_ssize_t number, Printed *printed)
{
    const Alike *row = like(alikes, line, end);
    if (row == NULL)
        return NULL;
    Template *template = templates + row->template;
    if (!template->enabled || template->count == template->room)
        return NULL;
    double *columns = next_row(template);
    const double stays_out = forbidden(template);
    for (const Spot *spot = row->spots; spot < row->spots + row->count; spot++) {
        Printed *one = printed + spot->part;
        if (!read_spot(spot, powers, line, one))
            return NULL;
        if (spot->column) {
            if (one->value == stays_out)
                return NULL;
            columns[spot->column] = one->value;
        }
    }
    return complete_row(template, counters, powers, printed, number, line, row->length) ? line + row->length : NULL;
}

/* ---- remembering a row ------------------------------------------------------------------------------------------ */

/* Note where a part's number is; return 0 if it is too long to be read in this way. */
static int note_spot(Spot *spot, const uint8_t *line, Part part)
{
    const uint8_t *at = part.start, *point, *stop;
    *spot = (Spot){0};
    spot->negative = *at == '-';
    at += *at == '-' || *at == '+';
    for (point = at; is_digit(*point); point++)
        ;
    for (stop = point + (*point == '.' && point < part.end); stop < part.end && is_digit(*stop); stop++)
        ;
    Py_ssize_t whole = point - at, fraction = stop > point ? stop - point - 1 : 0, length = stop - at;
    if (whole + fraction < 1 || whole + fraction > 15)
        return 0;
    if (stop < part.end) {
        const uint8_t *digit = stop + 1 + (stop[1] == '-' || stop[1] == '+');
        if ((*stop | 32) != 'e' || part.end - digit < 1 || part.end - digit > 3)
            return 0;
        spot->falls = stop[1] == '-';
        spot->exponent = (int32_t)(digit - line);
    }
    spot->at = (int32_t)(at - line);
    spot->power = -(int32_t)fraction;
    if (length > 8) {
        if (whole < 1 || whole > 8 || fraction < 1 || fraction > 8)
            return 0;
        spot->behind = (int32_t)(point + 1 - line);
        spot->shift_behind = (int32_t)(64 - 8 * fraction);
        length = whole;
    }
    spot->shift = (int32_t)(64 - 8 * length);
    for (Py_ssize_t i = 0; i < length; i++)
        if (at + i != point)
            *(at + i < point && length > whole ? &spot->before : &spot->rest) |= (uint64_t)0x0F << (64 - 8 * (length - i));
    return 1;
}

/* `stands` for any line that may differ from this one in the digits at `loose`. */
static int may_stand(const Word *word, int32_t length, const uint8_t *at, const uint8_t *loose)
{
    for (int32_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)(word[i / 8].bytes >> 8 * (i % 8)), unlike = (uint8_t)(word[i / 8].unlike >> 8 * (i % 8));
        int digits = is_digit(byte) && is_digit(at[i]);
        if (at[i] != byte && !(digits && (unlike != 0x7F || loose[i])))
            return 0;
    }
    return 1;
}

/* `taken` for any such line; `open` is set if only its digits tell. */
static const uint8_t *may_take(const Program *program, const Step *step, const uint8_t *at, const uint8_t *loose, int *open)
{
    const uint8_t *start = at;
    Printed printed = {0, 0, 0, 0, 0};
    if (step->most >= 0) {
        while (*at == ' ')
            at++;
        if (at - start < step->fewest || at - start > step->most)
            return NULL;
    }
    if (!may_stand(program->words + step->word, step->length, at, loose + (at - start)))
        return NULL;
    at += step->length;
    if (step->last == NUMBER) {
        const uint8_t *after = any_number(at, &printed), *whole = at + (*at == '-' || *at == '+');
        if (after == NULL || (printed.shape & ~step->low & ~LEADING_ZERO))
            return NULL;
        *open |= !(step->low & LEADING_ZERO) && is_digit(whole[0]) && is_digit(whole[1]);
        return after;
    }
    if (step->last == RUN) {
        const uint8_t *after = digits(at, &printed);
        return after - at < step->low || after - at > step->high ? NULL : after;
    }
    if (step->last == END) {
        while (*at == '\r')
            at++;
        return *at == '\n' ? at + 1 : NULL;
    }
    return step->last == BLANKS ? NULL : at;
}

/* Whether the template of a line is that of all lines that differ from it in the digits at `loose`: whether the first one
   that may accept any of them is this one. */
static int is_of_all(const Program *program, int32_t last, const uint8_t *line, const uint8_t *loose)
{
    struct { const uint8_t *at; int32_t step; } retries[MOST_RETRIES];
    int waiting = 0, open = 0;
    const uint8_t *at = line;
    int32_t here = 0;
    for (int tried = 0; tried < 1 << 12 && !open; tried++) {
        if (here < 0) {
            if (waiting == 0)
                return 0;
            waiting--;
            at = retries[waiting].at;
            here = retries[waiting].step;
            continue;
        }
        const Step *step = program->steps + here;
        const uint8_t *after = may_take(program, step, at, loose + (at - line), &open);
        if (after == NULL) {
            here = step->other;
        } else if (step->last == END) {
            return here == last && !open;
        } else {
            if (step->other >= 0) {
                if (waiting == MOST_RETRIES)
                    return 0;
                retries[waiting].at = at;
                retries[waiting++].step = step->other;
            }
            at = after;
            here = step->next;
        }
    }
    return 0;
}

/* Note one part that the rows of a template need; return 0 if it cannot be read in this way. */
static int note_part(Alike *one, const Template *template, int wanted, const uint8_t *line, const Part *parts, int count)
{
    if (wanted < 0)
        return 1;
    for (int i = 0; i < one->count; i++)
        if (one->spots[i].part == wanted)
            return 1;
    if (wanted >= count || one->count == MOST_VARIABLES + 2 || !note_spot(&one->spots[one->count], line, parts[wanted]))
        return 0;
    one->spots[one->count].part = wanted;
    one->spots[one->count].column = column_of(template, wanted);
    return one->spots[one->count++].column >= 0;
}

/* Remember a line whose numbers were stored in place of the row that served longest ago. */
static APART void remembered(Alikes *alikes, const Program *program, const Template *template, int32_t last,
                             const uint8_t *line, Py_ssize_t length, int32_t *path)
{
    Alike *one = alikes->each[MOST_ALIKE - 1];
    alikes->penalty = one == NULL || one->served ? 0 : 2 * alikes->penalty + 1;
    if (alikes->penalty > LONGEST_PAUSE)
        alikes->penalty = LONGEST_PAUSE;
    alikes->pause = alikes->penalty;
    if (one == NULL && (one = calloc(1, sizeof(Alike))) == NULL)
        return;
    alikes->each[MOST_ALIKE - 1] = one;
    one->length = one->count = one->served = 0;
    uint8_t loose[LONGEST_ALIKE] = {0};
    Part parts[MOST_VARIABLES];
    if (length < 8 || length > LONGEST_ALIKE)
        return;
    int count = find_parts(program, last, line, path, parts);
    int fine = note_part(one, template, template->major, line, parts, count) &&
               note_part(one, template, template->minor, line, parts, count);
    for (int i = FIRST_COLUMN; i < template->width; i++)
        fine = fine && note_part(one, template, template->columns[i], line, parts, count);
    for (int i = 0; i < template->checked; i++)
        fine = fine && note_part(one, template, template->checks[i].part, line, parts, count);
    for (int i = 0; i < count; i++)
        for (const uint8_t *at = parts[i].start; at < parts[i].end; at++)
            loose[at - line] = (uint8_t)is_digit(*at);
    if (!fine || !is_of_all(program, last, line, loose))
        return;
    for (int32_t place = 0; place < length; place += 8) {
        int32_t start = place + 8 <= length ? place : (int32_t)length - 8;
        one->bytes[place / 8] = one->unlike[place / 8] = 0;
        for (int i = 0; i < 8; i++) {
            one->bytes[place / 8] |= (uint64_t)(loose[start + i] ? '0' : line[start + i]) << 8 * i;
            one->unlike[place / 8] |= (uint64_t)(loose[start + i] ? 0x76 : 0x7F) << 8 * i;
        }
    }
    one->template = program->steps[last].low;
    one->length = (int32_t)length;
    for (int i = MOST_ALIKE - 1; i > 0; i--)
        alikes->each[i] = alikes->each[i - 1];
    alikes->each[0] = one;
}

/* Remember it if that pays. */
static inline void remember_alike(Alikes *alikes, const Program *program, const Template *template, int32_t last,
                                  const uint8_t *line, Py_ssize_t length, int32_t *path)
{
    if (alikes->pause > 0)
        alikes->pause--;
    else if (alikes->luck.idle == 0)
        remembered(alikes, program, template, last, line, length, path);
}
