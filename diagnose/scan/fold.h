/* States of progress bars that a later one overwrites. */

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

/* Whether states of a line are parted by carriage returns alone, and none of them moves the cursor up or holds text for
   the terminal's title. Backspaces must lead up to a carriage return. Written for compilers to vectorise. */
static int is_simple(const uint8_t *at, const uint8_t *end)
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

enum { SAME = 16 };

/* Eight bytes with a 0 for every digit. */
static inline uint64_t undigited(const uint8_t *at)
{
    const uint64_t highs = 0x8080808080808080u, zeros = 0x3030303030303030u;
    uint64_t bytes, other;
    memcpy(&bytes, at, sizeof bytes);
    other = bytes ^ zeros; /* a digit becomes 0 to 9 */
    other = ((((other & ~highs) + 0x7676767676767676u) | other) & highs) >> 7; /* 1 for each byte that is none */
    other *= 0xff;
    return (bytes & other) | (zeros & ~other);
}

/* Drop from one line every state whose successor has the same head; write the rest to `to` and return its end.
   Of an unfinished line the last state is left as it is. `limit` is the end of what may be read. */
static uint8_t *fold_line(const uint8_t *at, const uint8_t *end, const uint8_t *limit, uint8_t *to)
{
    const uint8_t *const begin = to;
    const uint8_t *kept = at, *kept_end = at; /* a state that waits for its successor's head, with what overwrites it */
    uint64_t kept_head = UNSURE, first = 0, second = 0, first_mask = 0, second_mask = 0;
    Py_ssize_t looked_at = 0; /* bytes that the head kept was found in, 0 if more than SAME */
    int simple = is_simple(at, end);
    if (!simple && has_title(at, end)) {
        memmove(to, at, (size_t)(end - at));
        return to + (end - at);
    }
    while (at < end) {
        const uint8_t *text_end = memchr(at, '\r', (size_t)(end - at));
        if (text_end == NULL)
            text_end = end;
        const uint8_t *back = simple ? NULL : memchr(at, '\b', (size_t)(text_end - at));
        if (back != NULL)
            text_end = back;
        const uint8_t *after = text_end;
        while (after < end && overwrites(*after))
            after++;
        int same = 0;
        if (looked_at && text_end - at >= looked_at && limit - at >= SAME)
            same = (undigited(at) & first_mask) == first && (undigited(at + 8) & second_mask) == second;
        if (!same) {
            const uint8_t *seen = at;
            uint64_t head = head_of(&seen, text_end);
            if (head != UNSURE && !simple && moves_up(at, text_end))
                head = UNSURE;
            same = head != UNSURE && head == kept_head;
            kept_head = head;
            looked_at = 0;
            if (simple && head != UNSURE && seen - at <= SAME && limit - at >= SAME) {
                looked_at = seen - at;
                uint8_t mask[SAME] = {0};
                memset(mask, 0xff, (size_t)looked_at);
                memcpy(&first_mask, mask, sizeof first_mask);
                memcpy(&second_mask, mask + 8, sizeof second_mask);
                first = undigited(at) & first_mask;
                second = undigited(at + 8) & second_mask;
            }
        }
        if (!same) {
            memmove(to, kept, (size_t)(kept_end - kept));
            to += kept_end - kept;
        } else if (to == begin) {
            *to++ = '\r'; /* the line keeps a sign that something was overwritten */
        }
        kept = at;
        kept_end = after;
        at = after;
    }
    memmove(to, kept, (size_t)(kept_end - kept));
    return to + (kept_end - kept);
}

static uint8_t *fold(uint8_t *at, uint8_t *end)
{
    if (memchr(at, '\r', (size_t)(end - at)) == NULL && memchr(at, '\b', (size_t)(end - at)) == NULL)
        return end;
    uint8_t *to = at;
    while (at < end) {
        uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
        uint8_t *stop = line_end == NULL ? end : line_end;
        to = fold_line(at, stop, end, to);
        if (line_end == NULL)
            break;
        *to++ = '\n';
        at = line_end + 1;
    }
    return to;
}

/* ---- states that are wanted ------------------------------------------------------------------------------------- */

/* What is told of a state: it ends its line; a later state of the same shape overwrites it; the line was left as it is,
   since it takes Python to tell its states. */
enum { ENDS_LINE = 1, OVERWRITTEN = 2, WHOLE = 4 };

/* Find the next state that shows anything: return its end and set `*at` to its start and `*after` behind what overwrites
   it; NULL if there is none. */
static const uint8_t *next_state(const uint8_t **at, const uint8_t *end, const uint8_t **after)
{
    while (*at < end) {
        const uint8_t *stop = memchr(*at, '\r', (size_t)(end - *at)), *seen = *at;
        stop = stop == NULL ? end : stop;
        const uint8_t *back = memchr(*at, '\b', (size_t)(stop - *at));
        stop = back == NULL ? stop : back;
        for (*after = stop; *after < end && overwrites(**after);)
            ++*after;
        while (seen < stop && (*seen == ' ' || *seen == '\t'))
            seen++;
        if (seen < stop)
            return stop;
        *at = *after;
    }
    return NULL;
}

/* Whether the shape of every state of a line is known, if it has several. */
static int are_known(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *stop, *after;
    if (has_title(at, end) || moves_up(at, end))
        return 0;
    for (int count = 0, known = 1; (stop = next_state(&at, end, &after)) != NULL; at = after) {
        const uint8_t *seen = at;
        known &= head_of(&seen, stop) != UNSURE;
        if (++count > 1 && !known)
            return 0;
    }
    return 1;
}

/* Write each state of a line as a line of its own to `to`, and what is to be told of it to `told`; return the end. A state
   is followed by what overwrites it, or by the end of its line, so there is room. */
static uint8_t *part_line(const uint8_t *at, const uint8_t *end, uint8_t *to, uint8_t *told, Py_ssize_t *count)
{
    const uint8_t *stop, *after;
    uint64_t before = UNSURE;
    Py_ssize_t first = *count;
    if (!are_known(at, end)) {
        memmove(to, at, (size_t)(end - at));
        to += end - at;
        told[(*count)++] = WHOLE | ENDS_LINE;
        *to++ = '\n';
        return to;
    }
    for (; (stop = next_state(&at, end, &after)) != NULL; at = after) {
        const uint8_t *seen = at;
        uint64_t head = head_of(&seen, stop);
        if (*count > first && head == before)
            told[*count - 1] = OVERWRITTEN;
        before = head;
        memmove(to, at, (size_t)(stop - at));
        to += stop - at;
        *to++ = '\n';
        told[(*count)++] = 0;
    }
    if (*count == first) {
        *to++ = '\n';
        told[(*count)++] = 0;
    }
    told[*count - 1] |= ENDS_LINE;
    return to;
}

static uint8_t *part(uint8_t *at, uint8_t *end, uint8_t *told, Py_ssize_t *count)
{
    uint8_t *to = at;
    while (at < end) {
        uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
        to = part_line(at, line_end, to, told, count);
        at = line_end + 1;
    }
    return to;
}
