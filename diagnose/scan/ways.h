/* Rows read on the way that the last one took through the program.

   Most rows are of the template of the row before. Its steps are laid out one behind the other and taken without a look at
   what else there is behind them. A line that gets to the end is of that template: whatever `find` would try earlier on the
   way is tried here as well, and must not fit. A line that does not is looked for by `find`. */

enum { MOST_LEGS = 128 };

/* A text and a number, the first that is tried; the same where the text holds runs of digits; a text and
   the line's end, the first that is tried; anything else. */
enum { USUAL, WITH_RUNS, LINES_END, ODD };

typedef struct {
    uint64_t bytes, mask;     /* the first word of its text */
    uint64_t last;            /* the last eight bytes of a text that is longer */
    const Word *words;        /* the text */
    int32_t length, further;  /* of it; how many words it has behind the first */
    int32_t kind;
    int32_t low;              /* of the number, as in `Step` */
    int32_t column;           /* where in a row it goes; 0 for nowhere: there stands the line, which comes last */
    int32_t is_looked_at;     /* whether something is asked of it */
    int32_t slot;             /* as in `Step` */
    int32_t index;            /* which step of the program it is */
    int32_t earlier;          /* the first step that is tried before it, or -1 */
    int32_t is_valued;        /* whether rows need its value */
} Leg;

typedef struct {
    int32_t template, count;  /* whose way it is; its legs, or 0 where none is remembered */
    const uint8_t *ends;      /* the last line that went another way */
    Luck luck;
    Leg legs[MOST_LEGS];
} Way;

static void forget_way(Way *way) { way->count = 0; }

static Leg leg_of(const Program *program, int32_t index, const Template *template)
{
    const Step *step = program->steps + index;
    int32_t first = step->parent < 0 ? 0 : program->steps[step->parent].next;
    Leg leg = {.words = program->words + step->word, .length = step->length, .further = (step->length - 1) / 8,
               .low = step->low, .slot = step->slot, .index = index, .earlier = first == index ? -1 : first, .kind = ODD};
    if (first == index && step->plain && (step->low & HAS_FRACTION))
        leg.kind = step->runs ? WITH_RUNS : USUAL;
    else if (first == index && step->last == END && step->most < 0 && !step->runs)
        leg.kind = LINES_END;
    if (step->length) {
        leg.bytes = leg.words->bytes;
        leg.mask = leg.words->mask;
    }
    for (int32_t i = step->length < 8 ? 8 : 0; i < 8; i++) {
        const int32_t place = step->length - 8 + i;
        leg.last |= (leg.words[place / 8].bytes >> 8 * (place % 8) & 0xFF) << 8 * i;
    }
    if (step->last == NUMBER || step->last == RUN) {
        leg.column = column_of(template, step->slot);
        leg.is_looked_at = is_looked_at(template, step->slot);
        leg.is_valued = leg.column || leg.is_looked_at;
    }
    return leg;
}

/* Remember the way to the last step of a template whose rows are stored. */
static void remember_way(Way *way, const Program *program, const Template *template, int32_t last)
{
    if (way->luck.idle > 0 || (way->count && way->template == program->steps[last].low))
        return;
    if (way->count)
        had_none(&way->luck); /* to change costs as much as many lines */
    forget_way(way);
    int32_t count = 0;
    for (int32_t here = last; here >= 0; here = program->steps[here].parent)
        count++;
    if (count > MOST_LEGS || template->hidden)
        return;
    way->template = program->steps[last].low;
    way->count = count;
    int32_t usual = 0, several = 0;
    for (int32_t here = last; here >= 0; here = program->steps[here].parent) {
        Leg *leg = &way->legs[--count];
        *leg = leg_of(program, here, template);
        usual += leg->kind != ODD;
        several += leg->column < 0;
    }
    if (several || 2 * usual < way->count) { /* then it is hardly shorter than a search */
        forget_way(way);
        way->luck.idle = LONGEST_IDLE;
    }
}

/* Whether a step that is tried before a leg's may be taken. */
static int may_differ(const Program *program, const Leg *leg, const uint8_t *at)
{
    Printed unused;
    for (int32_t other = leg->earlier; other != leg->index; other = program->steps[other].other)
        if (taken(program, program->steps + other, at, &unused) != NULL)
            return 1;
    return 0;
}

static inline int text_stands(const Leg *leg, const uint8_t *at)
{
    if ((eight(at) ^ leg->bytes) & leg->mask)
        return 0;
    if (leg->further == 0)
        return 1;
    for (int32_t i = 1; i < leg->further; i++)
        if (eight(at + 8 * i) != leg->words[i].bytes)
            return 0;
    return eight(at + leg->length - 8) == leg->last;
}

/* Take a leg that is not just a text and a number as it mostly is. */
static APART Value odd_leg(const Program *program, const uint64_t *powers, const Leg *leg, const uint8_t *at)
{
    if (leg->kind == WITH_RUNS && stands(leg->words, leg->length, at)) {
        Value read = value_at(at + leg->length, leg->low, powers);
        if (read.after != NULL)
            return read;
    }
    if (leg->earlier >= 0 && may_differ(program, leg, at))
        return NO_VALUE;
    Printed printed = {0, 0, 0, 0, 0, 0};
    Value read = {taken(program, program->steps + leg->index, at, &printed), 0.0};
    if (leg->is_valued && read.after != NULL && !value_of(powers, &printed, &read.value))
        return NO_VALUE;
    return read;
}

/* Read a line on the way into a row; return what is behind it, or NULL if it goes another way. */
static inline const uint8_t *read_line(const Way *way, const Program *program, const uint64_t *powers, const uint8_t *at,
                                       double stays_out, double *row, Printed *printed)
{
    for (const Leg *leg = way->legs, *end = leg + way->count; leg < end; leg++) {
        Value read = NO_VALUE;
        if (leg->kind == USUAL && text_stands(leg, at))
            read = value_at(at + leg->length, leg->low, powers);
        else if (leg->kind == LINES_END && text_stands(leg, at) && at[leg->length] == '\n')
            read.after = at + leg->length + 1;
        if (read.after == NULL) {
            read = odd_leg(program, powers, leg, at);
            if (read.after == NULL || (leg->column && read.value == stays_out))
                return NULL; /* nothing else is below zero */
        }
        at = read.after;
        row[leg->column] = read.value;
        if (leg->is_looked_at) {
            printed[leg->slot].value = read.value;
            printed[leg->slot].count = TOLD;
        }
    }
    return at;
}

/* Go the way from one line to the next, as far as `most` lines, and store the rows; return how many they are. `*after` is set
   behind them. A line that goes another way, or of which `store` is to tell what becomes of it, is noted as the one where the
   way ends. `printed` has a place for each variable part. */
static APART int gone(Way *way, const Program *program, Template *template, Counters *counters, const uint64_t *powers,
                      const uint8_t *line, const uint8_t *end, Py_ssize_t number, int most, Printed *printed,
                      const uint8_t **after)
{
    const double stays_out = forbidden(template);
    int rows = 0;
    for (; rows < most && line < end && has_room(template, 0); rows++) {
        const uint8_t *next = read_line(way, program, powers, line, stays_out, next_row(template), printed);
        if (next == NULL || !complete_row(template, counters, powers, printed, number + rows, line, next - line)) {
            had_none(&way->luck);
            way->ends = line;
            break;
        }
        had_luck(&way->luck);
        line = next;
    }
    *after = line;
    return rows;
}
