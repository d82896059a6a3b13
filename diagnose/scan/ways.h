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
    const Word *word = leg->words;
    for (int32_t left = leg->further; left > 0; left--) {
        at += 8;
        word++;
        if ((eight(at) ^ word->bytes) & word->mask)
            return 0;
    }
    return 1;
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

/* Go the way from a line's start and store the row; return what is behind the line. NULL if it goes another way, or if
   `store` is to tell what becomes of it. `printed` has a place for each variable part. */
static APART const uint8_t *gone(Way *way, const Program *program, Template *template, Counters *counters,
                                 const uint64_t *powers, const uint8_t *line, Py_ssize_t number, Printed *printed)
{
    if (!has_room(template, 0))
        return NULL;
    double *row = next_row(template);
    const uint8_t *at = line;
    for (const Leg *leg = way->legs, *end = leg + way->count; leg < end; leg++) {
        Value read = NO_VALUE;
        if (leg->kind == USUAL && text_stands(leg, at))
            read = value_at(at + leg->length, leg->low, powers);
        else if (leg->kind == LINES_END && text_stands(leg, at) && at[leg->length] == '\n')
            read.after = at + leg->length + 1;
        if (read.after == NULL)
            read = odd_leg(program, powers, leg, at);
        at = read.after;
        if (at == NULL)
            break;
        row[leg->column] = read.value;
        if (leg->is_looked_at) {
            printed[leg->slot].value = read.value;
            printed[leg->slot].count = TOLD;
        }
    }
    if (at == NULL || (template->forbids && holds_forbidden(template, row))) {
        had_none(&way->luck);
        return NULL;
    }
    had_luck(&way->luck);
    if (!complete_row(template, counters, powers, printed, number, line, at - line))
        return NULL;
    return at;
}
