/* Drops the states of progress bars that a later one overwrites.

   Of most states the one before says all: byte by byte they are the same, but for digits and other text. So a state is
   looked at once, its shape is noted, and those that follow are held against it in one pass. Where a bar grows, shapes
   follow each other as they did an epoch before, so a few are kept, each next to the one that came after it. */

enum { LANES = 32, LONGEST_SHAPE = 512, SHAPES = 32, CACHE_LINE = 64 };

/* What bytes a state may have: each, less `less`, at most `most` as a signed number, which all processors compare at once. */
typedef struct {
    uint8_t less[LONGEST_SHAPE];
    int8_t most[LONGEST_SHAPE];
} Bytes;

/* What a state has to be one of the same bar and to end where this one did. Text behind the first characters is free, as long
   as it is no control character; escape sequences and what overwrites the state are as they were. */
typedef struct {
    Bytes *bytes;
    uint64_t head;
    Py_ssize_t length; /* of a state with what overwrites it */
    Py_ssize_t text;   /* of a state alone */
    Py_ssize_t lanes;  /* pieces of LANES bytes that hold it */
    int follower;      /* the number of the shape that came after it */
} Shape;

/* Whether there is a state at `at` that ends where one of this shape does, for all that is seen of it. */
static inline int ends_alike(const Shape *shape, const uint8_t *at, const uint8_t *end)
{
    return end - at > shape->lanes * LANES && overwrites(at[shape->length - 1]) && !overwrites(at[shape->length]);
}

/* Go behind all states from `at` on that have a shape; return where they end. Written for compilers to vectorise. */
WIDE static const uint8_t *behind_alike(const Shape *shape, const uint8_t *at, const uint8_t *end)
{
    const Bytes *bytes = shape->bytes;
    const Py_ssize_t length = shape->length, count = shape->lanes * LANES;
    for (; end - at > count && !overwrites(at[length]); at += length) {
        uint8_t odd = 0;
        for (Py_ssize_t i = 0; i < count; i++)
            odd |= (int8_t)(at[i] - bytes->less[i]) > bytes->most[i] ? 0xff : 0;
        if (odd)
            break;
    }
    return at;
}

static inline void allow(Bytes *bytes, Py_ssize_t i, uint8_t from, uint8_t to)
{
    bytes->less[i] = (uint8_t)(from + 0x80);
    bytes->most[i] = (int8_t)(to - from - 0x80);
}

/* Note the shape of a state that ends at `after`, behind what overwrites it; its head was found in the bytes up to `seen`.
   Return 0 if it has none that could be held against others. */
static int note_shape(Shape *shape, uint64_t head, const uint8_t *at, const uint8_t *seen, const uint8_t *after)
{
    const Py_ssize_t length = after - at, lanes = (length + LANES - 1) / LANES;
    const uint8_t *escape, *behind;
    if (length > LONGEST_SHAPE)
        return 0;
    for (escape = at; (escape = memchr(escape, 0x1b, (size_t)(after - escape))) != NULL;)
        if ((escape = behind_escape(escape, after)) == NULL)
            return 0;
    for (Py_ssize_t i = 0; i < lanes * LANES; i++) { /* what stands behind it is free */
        const int is_text = i >= length || at[i] >= ' ';
        allow(shape->bytes, i, i >= length ? 0 : is_text ? ' ' : at[i], is_text ? 0xff : at[i]);
    }
    for (Py_ssize_t i = 0; i < seen - at; i++)
        allow(shape->bytes, i, is_digit(at[i]) ? '0' : at[i], is_digit(at[i]) ? '9' : at[i]);
    for (escape = at; (escape = memchr(escape, 0x1b, (size_t)(after - escape))) != NULL; escape = behind) {
        behind = behind_escape(escape, after);
        for (const uint8_t *byte = escape; byte < behind; byte++)
            allow(shape->bytes, byte - at, *byte, *byte);
    }
    shape->head = head;
    shape->length = shape->text = length;
    while (overwrites(at[shape->text - 1]))
        shape->text--;
    shape->lanes = lanes;
    shape->follower = 0;
    return 1;
}

/* What an escape sequence does to the state that it is in. */
enum { NOTHING, MOVES_UP, SETS_TITLE };

static int escapes_in(const uint8_t *at, const uint8_t *end)
{
    int found = NOTHING;
    while (end - at > 1 && (at = memchr(at, 0x1b, (size_t)(end - at - 1))) != NULL) {
        if (*++at == ']') /* a title may hold carriage returns, which overwrite nothing */
            return SETS_TITLE;
        if (*at != '[')
            continue;
        do
            at++;
        while (at < end && (is_digit(*at) || *at == ';' || *at == '?'));
        if (at < end && (*at == 'A' || *at == 'F' || *at >= 0x7f)) /* a state that moves up is several; digits may be wide */
            found = MOVES_UP;
    }
    return found;
}

/* The line whose states are dropped. */
typedef struct {
    uint8_t *begin, *to;             /* where what is left of it begins, and ends */
    const uint8_t *kept, *kept_end;  /* a state that waits for its successor's head, with what overwrites it */
    uint64_t head;                   /* of that state */
} Left;

static inline void begin_line(Left *left, const uint8_t *at)
{
    left->begin = left->to;
    left->kept = left->kept_end = at;
    left->head = UNSURE;
}

/* A state follows: the one before is dropped if their heads are the same. */
static inline void follow(Left *left, uint64_t head, const uint8_t *at, const uint8_t *after)
{
    if (head == UNSURE || head != left->head) {
        memmove(left->to, left->kept, (size_t)(left->kept_end - left->kept));
        left->to += left->kept_end - left->kept;
    } else if (left->to == left->begin) {
        *left->to++ = '\r'; /* the line keeps a sign that something was overwritten */
    }
    left->kept = at;
    left->kept_end = after;
    left->head = head;
}

/* Leave lines from the beginning of one on as they are: up to the first in which anything may be overwritten, or behind the
   first that ends with a carriage return, if that comes earlier. Return where they end. */
static const uint8_t *behind_whole(Left *left, const uint8_t *at, const uint8_t *end, Next *next)
{
    look_for(&next->returns, '\r', at, end);
    look_for(&next->backs, '\b', at, next->returns);
    const uint8_t *stop = next->returns < next->backs ? next->returns : next->backs;
    if (end - stop > 1 && stop[0] == '\r' && stop[1] == '\n')
        stop += 2;
    else
        while (stop < end && stop > at && stop[-1] != '\n')
            stop--;
    if (left->to != at)
        memmove(left->to, at, (size_t)(stop - at));
    left->to += stop - at;
    begin_line(left, stop);
    return stop;
}

static const uint8_t *behind_overwriting(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8 && memcmp(at, "\b\b\b\b\b\b\b\b", 8) == 0)
        at += 8;
    while (at < end && overwrites(*at))
        at++;
    return at;
}

/* The shapes of the states that came lately. */
typedef struct {
    Bytes bytes[SHAPES];
    Shape all[SHAPES];
    int count, latest, oldest; /* how many there are; that of the last state that has one; the one to be forgotten next */
    int busy;                  /* whether states are dropped with them, without the GIL */
    void *memory;              /* in which this stands where a line of the cache begins: there bytes are loaded fastest */
} Lately;

static Lately *new_lately(void)
{
    uint8_t *memory = calloc(1, sizeof(Lately) + CACHE_LINE);
    if (memory == NULL)
        return NULL;
    Lately *lately = (Lately *)(void *)(memory + CACHE_LINE - (uintptr_t)memory % CACHE_LINE);
    lately->memory = memory;
    return lately;
}

static void free_lately(Lately *lately)
{
    if (lately != NULL)
        free(lately->memory);
}

/* Return where states end that have one of them, which is the latest then; `at` if there are none. */
static inline const uint8_t *behind_known(Lately *lately, const uint8_t *at, const uint8_t *end)
{
    const int latest = lately->latest;
    for (int i = lately->count ? -2 : 0; i < lately->count; i++) { /* what follows the latest, that itself, any other */
        const int known = i == -2 ? lately->all[latest].follower : i == -1 ? latest : i;
        if (!ends_alike(&lately->all[known], at, end))
            continue;
        const uint8_t *behind = behind_alike(&lately->all[known], at, end);
        if (behind > at) {
            lately->all[latest].follower = lately->latest = known;
            return behind;
        }
    }
    return at;
}

static void remember(Lately *lately, uint64_t head, const uint8_t *at, const uint8_t *seen, const uint8_t *after)
{
    Shape *const shape = &lately->all[lately->oldest];
    shape->bytes = &lately->bytes[lately->oldest];
    if (!note_shape(shape, head, at, seen, after))
        return;
    lately->all[lately->latest].follower = lately->oldest;
    lately->latest = lately->oldest;
    lately->oldest = (lately->oldest + 1) % SHAPES;
    lately->count += lately->count < SHAPES;
}

/* Drop from a block every state whose successor in its line has the same head, in place; return the end of what is left.
   Of an unfinished line the last state is left as it is. From a state that sets a title on a line is left alone. */
static uint8_t *fold(Lately *lately, uint8_t *const block, uint8_t *const end)
{
    const uint8_t *at = block;
    Next next = {NULL, NULL};
    Left left = {block, block, block, block, UNSURE};
    while (at < end) {
        if (left.kept == at && (at = behind_whole(&left, at, end, &next)) == end)
            break;
        const uint8_t *behind = behind_known(lately, at, end);
        if (behind > at) {
            const Shape *shape = &lately->all[lately->latest];
            follow(&left, shape->head, at, at + shape->length);
            if (behind - at > shape->length)
                follow(&left, shape->head, behind - shape->length, behind);
            at = behind;
            continue;
        }
        if (next.returns < at)
            next.returns = first_of('\r', at, end);
        const uint8_t *text_end = first_of('\b', at, first_of('\n', at, next.returns)), *seen = at;
        const uint8_t *after = behind_overwriting(text_end, end);
        const int escapes = escapes_in(at, text_end);
        const uint64_t head = escapes == NOTHING ? head_of(&seen, text_end) : UNSURE;
        if (escapes == SETS_TITLE)
            after = first_of('\n', at, end);
        else if (head != UNSURE && after > text_end)
            remember(lately, head, at, seen, after);
        if (after > at)
            follow(&left, head, at, after);
        at = after;
        if (at < end && *at == '\n') {
            at++;
            follow(&left, UNSURE, at, at);
            *left.to++ = '\n';
            begin_line(&left, at);
        }
    }
    follow(&left, UNSURE, end, end);
    return left.to;
}
