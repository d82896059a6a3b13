/* Rows remembered for alike.h, of which is known that no other template accepts a line like them. */

/* Note where a part's number is; return 0 if it is too long to be read in this way. */
static int note_spot(Spot *spot, const uint8_t *line, Part part)
{
    const uint8_t *at = part.start, *point, *stop;
    *spot = (Spot){.negative = *at == '-'};
    at += *at == '-' || *at == '+';
    for (point = at; is_digit(*point); point++)
        ;
    for (stop = point + (*point == '.' && point < part.end); stop < part.end && is_digit(*stop); stop++)
        ;
    Py_ssize_t whole = point - at, fraction = stop > point ? stop - point - 1 : 0, length = stop - at;
    if (whole + fraction < 1 || whole + fraction > 15)
        return 0;
    spot->has_point = stop > point;
    spot->fraction = (uint8_t)fraction;
    if (length > 8) {
        if (whole < 1 || whole > 8 || fraction < 1 || fraction > 8)
            return 0;
        spot->behind = (uint16_t)(point + 1 - line);
        spot->shift_behind = (uint8_t)(64 - 8 * fraction);
        length = whole;
    }
    if (stop < part.end) {
        const uint8_t *digit = stop + 1 + (stop[1] == '-' || stop[1] == '+');
        if ((*stop | 32) != 'e' || part.end - digit < 1 || part.end - digit > 3)
            return 0;
        spot->falls = stop[1] == '-';
        spot->exponent = (uint16_t)(digit - line);
    }
    spot->at = (uint16_t)(at - line);
    spot->shift = (uint8_t)(64 - 8 * length);
    return 1;
}

/* What a byte of a line like this one may be: what it is; any digit; what a number that is set flush right has there. */
enum { FIXED, A_DIGIT, FREE };

/* Bytes from 0x20 on, as blanks, digits and points are. */
static int is_free(uint8_t byte) { return byte >> 5 == 1; }

/* A number that is set flush right, from its blanks on, and the step that reads it. */
typedef struct { const uint8_t *start, *end; int32_t step; } Field;

typedef struct { const uint8_t *line, *loose; const Field *fields; int count; } Loose;

/* `stands` for any line that may differ from this one where it is loose; `open` is set if only those bytes tell. */
static int may_stand(const Word *word, int32_t length, const uint8_t *at, const uint8_t *loose, int *open)
{
    int told = 1;
    for (int32_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)(word[i / 8].bytes >> 8 * (i % 8)), unlike = (uint8_t)(word[i / 8].unlike >> 8 * (i % 8));
        int digits = is_digit(byte) && is_digit(at[i]);
        if (loose[i] == FREE && is_free(byte))
            told = 0;
        else if (at[i] != byte && !(digits && (unlike != 0x7F || loose[i])))
            return 0;
    }
    *open |= !told;
    return told;
}

/* Whether a step reads a number that is set flush right, wherever it begins; then `*after` is behind it. */
static int takes_field(const Program *program, const Step *step, const uint8_t *at, const Loose *loose, const uint8_t **after)
{
    for (const Field *field = loose->fields; field < loose->fields + loose->count; field++)
        if (field->start == at && program->steps + field->step == step) {
            *after = field->end;
            return 1;
        }
    return 0;
}

/* `taken` for any such line; `open` is set if only its digits tell. */
static const uint8_t *may_take(const Program *program, const Step *step, const uint8_t *at, const Loose *loose, int *open)
{
    const uint8_t *start = at;
    Printed printed = {0, 0, 0, 0, 0};
    if (step->most >= 0) {
        const uint8_t *after;
        if (takes_field(program, step, at, loose, &after))
            return after;
        while (*at == ' ')
            at++;
        const int ends_in_field = loose->loose[at - loose->line] == FREE;
        if (ends_in_field && (step->length ? !is_free((uint8_t)program->words[step->word].bytes) : step->last == END))
            return NULL;
        *open |= ends_in_field;
        if (at - start < step->fewest || at - start > step->most)
            return NULL;
    }
    if (!may_stand(program->words + step->word, step->length, at, loose->loose + (at - loose->line), open))
        return NULL;
    at += step->length;
    *open |= loose->loose[at - loose->line] == FREE;
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

/* Whether the template of a line is that of all lines that differ from it where it is loose: whether the first one that may
   accept any of them is this one. */
static int is_of_all(const Program *program, int32_t last, const Loose *loose)
{
    struct { const uint8_t *at; int32_t step; } retries[MOST_RETRIES];
    int waiting = 0, open = 0;
    const uint8_t *at = loose->line;
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
        const uint8_t *after = may_take(program, step, at, loose, &open);
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

/* Note the spot of the number that a step reads at `at` if it is set flush right. A single blank says nothing of that. */
static int note_flush(Spot *spot, const Step *step, const Template *template, const uint8_t *line, const uint8_t *at,
                      const uint8_t *after)
{
    const Py_ssize_t most = after - at - 1, free = most < 8 ? most : 8; /* blanks before it, bytes that it may have */
    const int column = column_of(template, step->slot);
    const uint8_t *number = at;
    double value;
    while (*number == ' ')
        number++;
    if (step->length || (step->last != NUMBER && step->last != RUN) || number - at < 2 || number < after - free ||
        *after == '.' || step->fewest > 1 || step->most < most || column < 0 ||
        (step->last == RUN && (step->low > 1 || step->high < free)))
        return 0;
    *spot = (Spot){.at = (uint16_t)(after - free - line), .shift = (uint8_t)(64 - 8 * free), .column = (uint8_t)column};
    spot->part = (uint8_t)step->slot;
    spot->is_looked_at = (uint8_t)is_looked_at(template, step->slot);
    spot->shapes = (uint8_t)(step->last == RUN ? IS_WHOLE | LEADING_ZERO : step->low);
    return read_flush(spot, line, &value);
}

/* Note the numbers of a line that are set flush right; return how many they are. The line's steps are in `path`, the last
   one first. */
static int note_fields(const Program *program, int32_t last, const Template *template, const uint8_t *line,
                       const int32_t *path, Spot *spots, Field *fields)
{
    int count = 0;
    int32_t length = 0;
    Printed unused;
    for (int32_t here = last; here >= 0; here = program->steps[here].parent)
        length++;
    for (const uint8_t *at = line, *after; length-- > 0; at = after) {
        const Step *step = program->steps + path[length];
        after = taken(program, step, at, &unused);
        if (step->most >= 0 && note_flush(spots + count, step, template, line, at, after))
            fields[count++] = (Field){at, after, path[length]};
    }
    return count;
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
    const int column = column_of(template, wanted);
    Spot *spot = &one->spots[one->count++];
    spot->part = (uint8_t)wanted;
    spot->column = (uint8_t)column;
    spot->is_looked_at = (uint8_t)is_looked_at(template, wanted);
    return column >= 0;
}

/* Remember a line that is like no row yet, whose numbers were stored. */
static APART void remembered(Alikes *alikes, const Program *program, const Template *template, int32_t last,
                             const uint8_t *line, Py_ssize_t length, int32_t *path)
{
    int found;
    int32_t which = place_by_hash(alikes, line, length, &found);
    if (found) {
        comes_next(alikes, which);
        return;
    }
    Alike **place = &alikes->each[which], *one = *place;
    alikes->penalty = one == NULL || one->served == WORTH_IT ? 0 : 2 * alikes->penalty + 1;
    if (alikes->penalty > LONGEST_PAUSE)
        alikes->penalty = LONGEST_PAUSE;
    alikes->pause = alikes->penalty;
    free(one);
    *place = NULL;
    uint8_t loose[LONGEST_ALIKE] = {FIXED};
    Part parts[MOST_VARIABLES];
    Spot spots[MOST_VARIABLES + 2];
    Field fields[MOST_VARIABLES];
    int count = find_parts(program, last, line, path, parts);
    const int flush = note_fields(program, last, template, line, path, spots, fields);
    Alike made = {program->steps[last].low, (int32_t)length, flush, 0, 0, 0, which, NULL, NULL, spots};
    int fine = note_part(&made, template, template->major, line, parts, count) &&
               note_part(&made, template, template->minor, line, parts, count);
    for (int i = FIRST_COLUMN; i < template->width; i++)
        fine = fine && note_part(&made, template, template->columns[i], line, parts, count);
    for (int i = 0; i < template->checked; i++)
        fine = fine && note_part(&made, template, template->checks[i].part, line, parts, count);
    for (int i = 0; i < count; i++)
        for (const uint8_t *at = parts[i].start; at < parts[i].end; at++)
            loose[at - line] = is_digit(*at) ? A_DIGIT : FIXED;
    for (int i = 0; i < flush; i++)
        memset(loose + spots[i].at, FREE, 8 - spots[i].shift / 8);
    fine = fine && is_of_all(program, last, &(Loose){line, loose, fields, flush});
    size_t words = fine ? ((size_t)length + 7) / 8 : 0, noted = fine ? (size_t)made.count : 0;
    *place = one = malloc(sizeof(Alike) + 2 * words * sizeof(uint64_t) + noted * sizeof(Spot));
    if (one == NULL)
        return;
    *one = made;
    one->bytes = (uint64_t *)(one + 1);
    one->unlike = one->bytes + words;
    one->spots = (Spot *)(one->unlike + words);
    if (!fine) {
        one->length = 0;
        return;
    }
    Spot *spot = one->spots;
    for (size_t i = 0; i < noted; i++)
        if (is_whole(spots + i))
            *spot++ = spots[i];
    one->whole = (int32_t)(spot - one->spots);
    memcpy(spot, spots, (size_t)flush * sizeof(Spot));
    spot += flush;
    one->flush = (int32_t)(spot - one->spots);
    for (size_t i = (size_t)flush; i < noted; i++)
        if (!is_whole(spots + i))
            *spot++ = spots[i];
    for (int32_t at = 0; at < length; at += 8) {
        int32_t start = at + 8 <= length ? at : (int32_t)length - 8;
        one->bytes[at / 8] = one->unlike[at / 8] = 0;
        for (int i = 0; i < 8; i++) {
            const uint8_t which_one = loose[start + i];
            const uint8_t byte = which_one == FIXED ? line[start + i] : which_one == FREE ? ' ' : '0';
            one->bytes[at / 8] |= (uint64_t)byte << 8 * i;
            one->unlike[at / 8] |= (uint64_t)(which_one == FIXED ? 0x7F : which_one == FREE ? 0x60 : 0x76) << 8 * i;
        }
    }
    comes_next(alikes, which);
}

/* Remember a row that was like none, if that pays: lines that are no rows say nothing about that. It is the first of `rows`,
   of which there is only one if lines are compared at present. */
static inline void remember_alike(Alikes *alikes, const Program *program, const Template *template, int32_t last,
                                  const uint8_t *line, Py_ssize_t length, int rows, int32_t *path)
{
    const int compared = alikes->luck.idle == 0;
    if (compared)
        had_none(&alikes->luck);
    alikes->luck.idle -= rows - 1;
    if (alikes->pause > 0)
        alikes->pause -= (uint32_t)rows < alikes->pause ? (uint32_t)rows : alikes->pause;
    else if (compared && alikes->luck.idle == 0 && length >= SHORTEST_ALIKE && length <= LONGEST_ALIKE)
        remembered(alikes, program, template, last, line, length, path);
}
