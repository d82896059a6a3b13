/* States of progress bars that a later one overwrites. */

/* For loops that are worth to be compiled for wider registers as well; which are there is looked up once. */
#if defined(__x86_64__) && defined(__GLIBC__) && (defined(__clang__) ? __clang_major__ >= 14 : __GNUC__ >= 6)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

enum { HEAD_CHARACTERS = 24, HEAD_LENGTH = 4, UNSURE = 0 };

/* Return what stands behind an escape sequence `ESC [ ... letter`, or NULL for any other, or one that moves up. */
static const uint8_t *behind_escape(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 3 || at[1] != '[')
        return NULL;
    for (at += 2; at < end; at++) {
        if (*at >= '@' && *at <= '~')
            return *at == 'A' || *at == 'F' ? NULL : at + 1;
        if (!is_digit(*at) && *at != ';' && *at != '?')
            return NULL;
    }
    return NULL;
}

/* The first four characters of a state, its numbers blanked, as one number; UNSURE if that takes Python to tell.
   sources/lines.py compares the same: two neighbours with equal heads are states of one bar. Of all characters beyond
   ASCII only those that bars are drawn with are told (U+2500 to U+259F, E2 94 80 to E2 96 9F in UTF-8).
   `from` is moved behind the bytes that were looked at. */
static uint64_t head_of(const uint8_t **from, const uint8_t *end)
{
    const uint8_t *at = *from;
    uint64_t head = 1;
    int seen = 0, length = 0, in_number = 0;
    while (at < end && length < HEAD_LENGTH && seen < HEAD_CHARACTERS) {
        uint32_t character = *at;
        if (character == 0x1b) {
            at = behind_escape(at, end);
            if (at == NULL)
                return UNSURE;
            continue;
        }
        if (seen == 0 && (character == ' ' || character == '\t')) {
            at++;
            continue;
        }
        if (character == 0xe2 && seen && end - at > 2 && at[1] >= 0x94 && at[1] <= 0x96 && (at[2] & 0xc0) == 0x80) {
            character = (uint32_t)(at[1] << 6 | (at[2] & 0x3f));
            at += 2;
        } else if (character >= 0x7f || (character < ' ' && character != '\t')) {
            return UNSURE;
        }
        at++;
        seen++;
        if (character < 0x7f && is_digit((uint8_t)character)) {
            if (in_number)
                continue;
            in_number = 1;
            character = '0';
        } else {
            in_number = 0;
        }
        head = head << 15 | character;
        length++;
    }
    *from = at;
    return length == HEAD_LENGTH ? head : UNSURE;
}

/* Whether the cursor moves up inside a state, which makes it several. */
static int moves_up(const uint8_t *at, const uint8_t *end)
{
    while ((at = memchr(at, 0x1b, (size_t)(end - at))) != NULL) {
        at = behind_escape(at, end);
        if (at == NULL)
            return 1;
    }
    return 0;
}

/* Whether a line sets the title of the terminal: a title may hold carriage returns, which then overwrite nothing. */
static int has_title(const uint8_t *at, const uint8_t *end)
{
    while (end - at > 1 && (at = memchr(at, 0x1b, (size_t)(end - at - 1))) != NULL)
        if (*++at == ']')
            return 1;
    return 0;
}

static inline int overwrites(uint8_t byte) { return byte == '\r' || byte == '\b'; }

/* Whether backspaces lead up to a carriage return, and there is neither a letter that could move the cursor up nor what
   begins a title. Written for compilers to vectorise. */
WIDE static int is_plain(const uint8_t *at, const uint8_t *end)
{
    enum { PIECE = 2048 };
    while (end - at > 1) {
        const uint8_t *stop = end - at > PIECE ? at + PIECE : end - 1;
        uint8_t odd = 0;
        for (; at < stop; at++) {
            uint8_t here = at[0], next = at[1];
            uint8_t up = (uint8_t)((here == 'A') | (here == 'F'));
            uint8_t title = (uint8_t)((here == 0x1b) & (next == ']'));
            uint8_t back = (uint8_t)((here == '\b') & (next != '\b') & (next != '\r'));
            odd |= up | title | back;
        }
        if (odd)
            return 0;
    }
    return at == end || (*at != '\b' && *at != 'A' && *at != 'F');
}

/* Whether every run of backspaces leads up to a carriage return. */
static int lead_to_returns(const uint8_t *at, const uint8_t *end)
{
    while ((at = memchr(at, '\b', (size_t)(end - at))) != NULL) {
        while (at < end && *at == '\b')
            at++;
        if (at == end || *at != '\r')
            return 0;
    }
    return 1;
}

/* Whether states of a line are parted by carriage returns alone, and none of them moves the cursor up or holds text for
   the terminal's title. Backspaces must lead up to a carriage return. */
static int is_simple(const uint8_t *at, const uint8_t *end)
{
    if (memchr(at, 0x1b, (size_t)(end - at)) == NULL)
        return lead_to_returns(at, end);
    return is_plain(at, end) || (!moves_up(at, end) && lead_to_returns(at, end));
}

enum { SAME = 16 };

/* The head of the state before. */
typedef struct {
    uint64_t head;
    uint64_t first, second, first_mask, second_mask; /* its bytes without digits, of those that it was found in */
    Py_ssize_t looked_at;     /* how many these are, 0 if more than SAME */
} Before;

/* Whether the head of a state is known and that of the state before, which it replaces. `limit` is the end of what may be
   read, `simple` as for its line. */
static inline int has_same_head(Before *before, const uint8_t *at, const uint8_t *end, const uint8_t *limit, int simple)
{
    if (before->looked_at && end - at >= before->looked_at && limit - at >= SAME &&
        (form_of(at) & before->first_mask) == before->first && (form_of(at + 8) & before->second_mask) == before->second)
        return 1;
    const uint8_t *seen = at;
    uint64_t head = head_of(&seen, end);
    if (head != UNSURE && !simple && moves_up(at, end))
        head = UNSURE;
    int same = head != UNSURE && head == before->head;
    before->head = head;
    before->looked_at = 0;
    if (simple && head != UNSURE && seen - at <= SAME && limit - at >= SAME) {
        before->looked_at = seen - at;
        uint8_t mask[SAME] = {0};
        memset(mask, 0xff, (size_t)before->looked_at);
        memcpy(&before->first_mask, mask, sizeof before->first_mask);
        memcpy(&before->second_mask, mask + 8, sizeof before->second_mask);
        before->first = form_of(at) & before->first_mask;
        before->second = form_of(at + 8) & before->second_mask;
    }
    return same;
}

/* ---- states that are wanted ------------------------------------------------------------------------------------- */

/* What is told of a state: it ends its line; a later state of the same shape overwrites it; the line was left as it is,
   since it takes Python to tell its states; it is one of several that nothing overwrites. */
enum { ENDS_LINE = 1, OVERWRITTEN = 2, WHOLE = 4, SEVERAL = 8 };

/* The next carriage return, and the next backspace, or the end of what they are looked for in; NULL before they are. */
typedef struct { const uint8_t *returns, *backs; } Next;

static inline const uint8_t *first_of(uint8_t byte, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *found = memchr(at, byte, (size_t)(end - at));
    return found == NULL ? end : found;
}

static inline void look_for(const uint8_t **next, uint8_t byte, const uint8_t *at, const uint8_t *end)
{
    if (*next < at)
        *next = first_of(byte, at, end);
}

/* Find the next state that shows anything: return its end and set `*at` to its start and `*after` behind what overwrites
   it; NULL if there is none. `simple` as for the line. */
static inline const uint8_t *next_state(const uint8_t **at, const uint8_t *end, int simple, Next *next, const uint8_t **after)
{
    while (*at < end) {
        look_for(&next->returns, '\r', *at, end);
        look_for(&next->backs, '\b', *at, end);
        const uint8_t *stop = *after = next->returns, *seen = *at;
        if (next->backs < stop) {
            stop = next->backs;
            *after = simple ? *after : stop;
        }
        while (*after < end && overwrites(**after))
            ++*after;
        while (seen < stop && (*seen == ' ' || *seen == '\t'))
            seen++;
        if (seen < stop)
            return stop;
        *at = *after;
    }
    return NULL;
}

/* Where a state stands. */
typedef struct { const uint8_t *at, *stop; } Span;

/* Tell of each state of a line where it stands and whether a later one overwrites it; return how many there are, -1 if the
   shape of one of several is not known. */
static Py_ssize_t tell_states(const uint8_t *at, const uint8_t *end, int simple, uint8_t *told, Span *spans)
{
    const uint8_t *stop, *after;
    Next next = {NULL, NULL};
    Before before = {UNSURE, 0, 0, 0, 0, 0};
    Py_ssize_t count = 0;
    if (!simple && (has_title(at, end) || moves_up(at, end)))
        return -1;
    for (int known = 1; (stop = next_state(&at, end, simple, &next, &after)) != NULL; at = after) {
        if (has_same_head(&before, at, stop, end, simple))
            told[count - 1] = OVERWRITTEN;
        known &= before.head != UNSURE;
        if (count > 0 && !known)
            return -1;
        spans[count] = (Span){at, stop};
        told[count++] = 0;
    }
    return count;
}

/* Write a line as it is. */
static uint8_t *whole_line(const uint8_t *at, const uint8_t *end, uint8_t *to)
{
    if (to != at)
        memmove(to, at, (size_t)(end - at));
    to += end - at;
    *to++ = '\n';
    return to;
}

/* Write each state of a line as a line of its own to `to`, and what is to be told of it to `told`; return the end. A state
   is followed by what overwrites it, or by the end of its line, so there is room. `spans` has room for all states. */
static uint8_t *part_line(const uint8_t *at, const uint8_t *end, uint8_t *to, uint8_t *told, Span *spans, Py_ssize_t *count)
{
    Py_ssize_t states = tell_states(at, end, is_simple(at, end), told + *count, spans);
    if (states < 1) {
        told[(*count)++] = states < 0 ? WHOLE | ENDS_LINE : ENDS_LINE;
        return whole_line(at, states < 0 ? end : at, to);
    }
    for (const Span *span = spans; span < spans + states; span++)
        to = whole_line(span->at, span->stop, to);
    *count += states;
    told[*count - 1] |= ENDS_LINE;
    return to;
}

/* The same of states that nothing overwrites, without the blanks behind them; a line that has but one stays as it is. */
static uint8_t *part_left(const uint8_t *at, const uint8_t *end, uint8_t *to, uint8_t *told, Span *spans, Py_ssize_t *count)
{
    const uint8_t *shown = at;
    while (shown < end && overwrites(*shown))
        shown++;
    if (memchr(shown, '\r', (size_t)(end - shown)) == NULL && memchr(shown, '\b', (size_t)(end - shown)) == NULL) {
        told[(*count)++] = ENDS_LINE;
        return whole_line(at, end, to);
    }
    Py_ssize_t states = tell_states(at, end, is_simple(at, end), told + *count, spans), left = 0;
    for (Py_ssize_t i = 0; i < states; i++)
        if (told[*count + i] != OVERWRITTEN)
            spans[left++] = spans[i];
    if (left < 2) {
        told[(*count)++] = ENDS_LINE;
        return whole_line(at, end, to);
    }
    for (const Span *span = spans; span < spans + left; span++) {
        const uint8_t *stop = span->stop;
        while (stop[-1] == ' ' || stop[-1] == '\t')
            stop--;
        to = whole_line(span->at, stop, to);
        told[(*count)++] = SEVERAL;
    }
    told[*count - 1] |= ENDS_LINE;
    return to;
}

static uint8_t *part(uint8_t *at, uint8_t *end, int all, uint8_t *told, Span *spans, Py_ssize_t *count)
{
    uint8_t *to = at;
    while (at < end) {
        uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
        to = (all ? part_line : part_left)(at, line_end, to, told, spans, count);
        at = line_end + 1;
    }
    return to;
}
