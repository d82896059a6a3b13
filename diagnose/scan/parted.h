/* States of progress bars put on lines of their own, where each that is left, or overwritten, counts. */

/* What is told of a state: it ends its line; a later state of the same shape overwrites it; the line was left as it is,
   since it takes Python to tell its states; it is one of several that nothing overwrites. */
enum { ENDS_LINE = 1, OVERWRITTEN = 2, WHOLE = 4, SEVERAL = 8 };

/* What is told of states, numbered from 1, and how many lines stand before them. */
typedef struct { const char *told; Py_ssize_t count, before; } States;

/* A state up to which lines were counted. */
typedef struct { const char *told; Py_ssize_t number; int64_t lines; } Counted;

/* How many lines end before a state. */
static int64_t lines_before(const States *states, const Counted *counted, Py_ssize_t number)
{
    if (states->count == 0)
        return 0;
    const int goes_on = counted->told == states->told && counted->number <= number && number > 1;
    int64_t lines = goes_on ? counted->lines : states->before;
    for (Py_ssize_t i = goes_on ? counted->number - 1 : 0; i < number - 1 && i < states->count; i++)
        lines += states->told[i] & ENDS_LINE;
    return lines;
}

/* Where a state stands. */
typedef struct { const uint8_t *at, *stop; } Span;

/* Tell of each state of a line where it stands and whether a later one overwrites it; return how many there are, -1 if it
   takes Python to tell them: the head of one of several is not known, one moves up or sets a title. What is read ends at
   `limit`. */
static Py_ssize_t tell_states(Lately *lately, const uint8_t *at, const uint8_t *end, const uint8_t *limit, uint8_t *told,
                              Span *spans)
{
    Next next = {first_of('\r', at, end), first_of('\b', at, end)};
    uint64_t before = UNSURE, head;
    Py_ssize_t count = 0, text, length;
    for (const uint8_t *behind; at < end; at = behind) {
        const int is_last = next.returns == end && next.backs == end;
        behind = is_last ? at : behind_known(lately, at, limit);
        if (behind > at) {
            const Shape *shape = &lately->all[lately->latest];
            head = shape->head;
            text = shape->text;
            length = shape->length;
        } else {
            const uint8_t *seen = at, *shown = at;
            look_for(&next.returns, '\r', at, end);
            look_for(&next.backs, '\b', at, end);
            const uint8_t *stop = next.returns < next.backs ? next.returns : next.backs;
            behind = behind_overwriting(stop, end);
            if (escapes_in(at, stop) != NOTHING)
                return -1;
            while (shown < stop && (*shown == ' ' || *shown == '\t'))
                shown++;
            if (shown == stop)
                continue;
            head = head_of(&seen, stop);
            text = stop - at;
            length = behind - at;
            if (head != UNSURE && behind > stop)
                remember(lately, head, at, seen, behind);
        }
        if (count > 0 && (head == UNSURE || before == UNSURE))
            return -1;
        for (; at < behind; at += length) {
            if (head == before && count > 0)
                told[count - 1] = OVERWRITTEN;
            before = head;
            spans[count] = (Span){at, at + text};
            told[count++] = 0;
        }
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
static uint8_t *part_line(Lately *lately, const uint8_t *at, const uint8_t *end, const uint8_t *limit, uint8_t *to,
                          uint8_t *told, Span *spans, Py_ssize_t *count)
{
    Py_ssize_t states = tell_states(lately, at, end, limit, told + *count, spans);
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
static uint8_t *part_left(Lately *lately, const uint8_t *at, const uint8_t *end, const uint8_t *limit, uint8_t *to,
                          uint8_t *told, Span *spans, Py_ssize_t *count)
{
    const uint8_t *shown = at;
    while (shown < end && overwrites(*shown))
        shown++;
    if (memchr(shown, '\r', (size_t)(end - shown)) == NULL && memchr(shown, '\b', (size_t)(end - shown)) == NULL) {
        told[(*count)++] = ENDS_LINE;
        return whole_line(at, end, to);
    }
    Py_ssize_t states = tell_states(lately, at, end, limit, told + *count, spans), left = 0;
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

static uint8_t *part(Lately *lately, uint8_t *at, uint8_t *end, int all, uint8_t *told, Span *spans, Py_ssize_t *count)
{
    uint8_t *to = at;
    for (uint8_t *line_end; at < end; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)(line_end - at);
        if (memchr(at, '\r', length) == NULL && memchr(at, '\b', length) == NULL) {
            told[(*count)++] = ENDS_LINE;
            to = whole_line(at, line_end, to);
        } else {
            to = (all ? part_line : part_left)(lately, at, line_end, end, to, told, spans, count);
        }
    }
    return to;
}
