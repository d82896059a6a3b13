/* Rows that are like one before but for the digits of their numbers: known again eight bytes at a time, and read where
   that one had its numbers.

   Most lines of a log have the widths of the line before them. Such a line needs no search: what is remembered of a row
   is its bytes, those that may be another digit, and where the numbers stand that its template stores. A row is only
   remembered if no template that is tried earlier can accept a line that differs in these digits.

   Where a number is set flush right behind blanks, it is where it ends that counts: any number that leaves one of the
   blanks may stand there.

   A line is compared with the last of these rows, then with the one that followed it the last time, then with those that
   have its hash, digits left out: states of a progress bar go through the same forms in every epoch. */

enum { MOST_ALIKE = 2048, SHORTEST_ALIKE = 16, LONGEST_ALIKE = 1024, LONGEST_PAUSE = 31, WORTH_IT = 8 };

/* Where a number stands: up to eight characters, or two of them for what is before the point and behind it. Many of these
   are held, so they are small. */
typedef struct {
    uint16_t at;              /* its first digit */
    uint16_t behind;          /* the first one behind the point, if that is read by itself, or 0 */
    uint16_t exponent;        /* where an exponent's digits are, or 0 */
    uint8_t has_point, fraction; /* whether it has a point, and how many digits behind it */
    uint8_t shift, shift_behind; /* bits by which eight bytes are moved so that the last character is the highest */
    uint8_t negative, falls;  /* whether the number is, whether its exponent is */
    uint8_t shapes;           /* of a number that is set flush right, or 0: those that it may have */
    uint8_t part;             /* which variable part of the line it is */
    uint8_t column;           /* where in a row its value goes; 0 for nowhere: there stands the line, which comes last */
    uint8_t is_looked_at;     /* whether something is asked of it */
} Spot;

typedef struct {
    int32_t template, length; /* length of the line with its newline; 0 where nothing is remembered */
    int32_t count, whole;     /* spots; the first ones, which are digits alone */
    int32_t flush;            /* where those end that are set flush right, behind the first ones */
    int32_t served;           /* how many lines were like this one, up to WORTH_IT */
    int32_t next;             /* the place of the one that lines were like behind it */
    uint64_t *bytes, *unlike; /* as in `Word`; the last one ends with the line */
    Spot *spots;
} Alike;

typedef struct {
    Alike *each[MOST_ALIKE];  /* by the hash of its line: at this place or the next one */
    int32_t last;             /* the place of the one that served last */
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
            one->served = WORTH_IT;
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

static const uint64_t VALUES = 0x0F0F0F0F0F0F0F0F; /* of digits */

static inline int is_whole(const Spot *spot)
{
    return !spot->has_point && !spot->exponent && !spot->negative && !spot->shapes;
}

/* Read the number at a spot that is digits alone. */
static inline double whole_at(const Spot *spot, const uint8_t *line)
{
    return (double)(int64_t)number_of(eight(line + spot->at) << spot->shift & VALUES);
}

/* Read the number at any spot; return 0 if its value is left to Python. */
static inline int read_spot(const Spot *spot, const uint64_t *powers, const uint8_t *line, double *result)
{
    const uint64_t characters = eight(line + spot->at) << spot->shift;
    const int bits = 8 * spot->fraction;
    uint64_t value;
    if (spot->behind)
        value = number_of(characters & VALUES) * TENS[spot->fraction] +
                number_of(eight(line + spot->behind) << spot->shift_behind & VALUES);
    else if (!spot->has_point)
        value = number_of(characters & VALUES);
    else
        value = number_of((characters & VALUES >> 8 >> bits) << 8 | (characters & VALUES << (56 - bits) << 8));
    if (spot->exponent) {
        int32_t exponent = 0;
        for (const uint8_t *digit = line + spot->exponent; is_digit(*digit); digit++)
            exponent = exponent * 10 + (*digit - '0');
        const Printed printed = {value, 18, (spot->falls ? -exponent : exponent) - spot->fraction, 0, spot->negative, 0};
        return value_of(powers, &printed, result);
    }
    const double divisor = EXACT[spot->fraction];
    *result = (double)(int64_t)value / (spot->negative ? -divisor : divisor);
    return 1;
}

/* Read the number at a spot where it is set flush right behind blanks: up to eight bytes, of which none is a letter. Return
   0 if it is not one of the shapes that it may have, or more than a sign, digits and a point. */
static inline int read_flush(const Spot *spot, const uint8_t *line, double *result)
{
    const uint64_t blanks = 0x2020202020202020, ones = ~(uint64_t)0;
    uint64_t characters = eight(line + spot->at) << spot->shift | (blanks & ~(ones << spot->shift));
    if (characters >> 56 == ' ')
        return 0;
    int first = zeros_behind(characters ^ blanks) & ~7; /* bits before its first character */
    double divisor = 1.0;
    if ((characters >> first & 0xFF) == '-' && (spot->shapes & HAS_SIGN_MINUS) && first < 56) {
        characters ^= (uint64_t)('-' ^ ' ') << first;
        first += 8;
        divisor = -1.0;
    }
    const uint64_t others = no_digits(characters ^ ZEROS) >> first;
    if (!(spot->shapes & LEADING_ZERO) && (characters >> first & 0xFF) == '0' && first < 56 && (others & 0x8000) == 0)
        return 0;
    if (others == 0) {
        *result = (double)(int64_t)number_of(characters & VALUES) * divisor;
        return spot->shapes & IS_WHOLE;
    }
    const int point = first + (zeros_behind(others) & ~7), fraction = 56 - point;
    if ((others & (others - 1)) != 0 || point == first || fraction == 0 || (characters >> point & 0xFF) != '.')
        return 0;
    const uint64_t whole = characters & VALUES & ~(ones << point), behind = characters & VALUES & ones << point << 8;
    *result = (double)(int64_t)number_of(whole << 8 | behind) / (EXACT[fraction / 8] * divisor);
    return spot->shapes & HAS_FRACTION;
}

/* The place of the rows that a line of at least SHORTEST_ALIKE bytes may be like. */
static int32_t place_of(const uint8_t *line, Py_ssize_t length)
{
    const uint64_t odd = 0x9E3779B97F4A7C15;
    uint64_t lanes[4] = {(uint64_t)length, 1, 2, 3};
    for (Py_ssize_t at = 0; at < length; at += 32)
        for (int i = 0; i < 4; i++) {
            const Py_ssize_t place = at + 8 * i <= length - 8 ? at + 8 * i : length - 8;
            const uint64_t bytes = eight(line + place), alike = bytes & ~(bytes >> 1) & 0x2020202020202020; /* no letters */
            lanes[i] = (lanes[i] ^ (bytes | (alike - (alike >> 5)))) * odd;
        }
    uint64_t hash = (lanes[0] ^ lanes[1] >> 7) * odd + (lanes[2] ^ lanes[3] >> 9);
    hash = (hash ^ hash >> 32) * odd;
    return (int32_t)(hash >> 40) & (MOST_ALIKE - 2);
}

/* Whether a line, of which so much is there, is like the row at a place. */
static inline int fits(const Alikes *alikes, int32_t place, const uint8_t *at, Py_ssize_t length)
{
    const Alike *one = alikes->each[place];
    return one != NULL && one->length != 0 && one->length <= length && is_alike(one, at);
}

/* The place of the row that a line is like, or that of one with its hash to be replaced; `*found` is set. */
static int32_t place_by_hash(const Alikes *alikes, const uint8_t *line, Py_ssize_t length, int *found)
{
    int32_t place = place_of(line, length);
    *found = 1;
    for (int i = 0; i < 2; i++)
        if (fits(alikes, place + i, line, length))
            return place + i;
    const Alike *one = alikes->each[place], *other = alikes->each[place + 1];
    *found = 0;
    return place + (one != NULL && one->length && (other == NULL || !other->length || place == alikes->last));
}

static void comes_next(Alikes *alikes, int32_t place)
{
    Alike *last = alikes->each[alikes->last];
    if (last != NULL)
        last->next = place;
    alikes->last = place;
}

/* The row that a line is like, or NULL. `all`: compare it with more than two. */
static inline Alike *like(Alikes *alikes, const uint8_t *at, const uint8_t *end, int all)
{
    Alike *last = alikes->each[alikes->last];
    int32_t place = alikes->last;
    if (!fits(alikes, place, at, end - at)) {
        place = last == NULL ? 0 : last->next;
        int found = fits(alikes, place, at, end - at);
        if (!found && all) {
            Py_ssize_t length = last == NULL ? 0 : last->length; /* that of most; one that is not finds no row */
            if (length < 1 || length > end - at || at[length - 1] != '\n')
                length = (const uint8_t *)memchr(at, '\n', (size_t)(end - at)) + 1 - at;
            if (length >= SHORTEST_ALIKE && length <= LONGEST_ALIKE)
                place = place_by_hash(alikes, at, length, &found);
        }
        if (!found)
            return NULL;
        comes_next(alikes, place);
    }
    Alike *one = alikes->each[place];
    one->served += one->served < WORTH_IT;
    had_luck(&alikes->luck);
    return one;
}

/* Note a value if something is asked of it. */
static inline double looked_at(const Spot *spot, double value, Printed *printed)
{
    if (spot->is_looked_at) {
        printed[spot->part].value = value;
        printed[spot->part].count = TOLD;
    }
    return value;
}

/* Store a line that is like one before as a row; return what is behind it, or NULL if it is not, or if `store` is to tell
   what becomes of it. `printed` has a place for each variable part; `all` as for `like`. */
static inline const uint8_t *repeated(Alikes *alikes, Template *templates, Counters *counters, const uint64_t *powers,
                                      const uint8_t *line, const uint8_t *end, int all, Py_ssize_t number,
                                      Printed *printed)
{
    const Alike *row = like(alikes, line, end, all);
    if (row == NULL)
        return NULL;
    Template *template = templates + row->template;
    if (!template->enabled || !has_room(template, 0))
        return NULL;
    double *columns = next_row(template);
    const Spot *spot = row->spots;
    for (; spot < row->spots + row->whole; spot++)
        columns[spot->column] = looked_at(spot, whole_at(spot, line), printed);
    double value;
    for (; spot < row->spots + row->flush; spot++) {
        if (!read_flush(spot, line, &value))
            return NULL;
        columns[spot->column] = looked_at(spot, value, printed);
    }
    for (; spot < row->spots + row->count; spot++) {
        if (!read_spot(spot, powers, line, &value))
            return NULL;
        columns[spot->column] = looked_at(spot, value, printed);
    }
    if (template->forbids && holds_forbidden(template, columns))
        return NULL;
    return complete_row(template, counters, powers, printed, number, line, row->length) ? line + row->length : NULL;
}
