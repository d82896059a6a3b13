/* Rows read on the way that the last one took through the program.

   Most rows are of the template of the row before. Its steps are laid out one behind the other and taken without a look at
   what else there is behind them. A line that gets to the end is of that template: whatever `find` would try earlier on the
   way is tried here as well, and must not fit. A line that does not is looked for by `find`. */

enum { MOST_LEGS = 128 };

typedef struct {
    int32_t index;            /* which step of the program it is */
    int32_t earlier;          /* the first step that is tried before it, or -1 */
    int32_t is_usual;         /* whether it is a text and a number, and the first that is tried */
    int32_t runs;             /* how many runs of digits the text holds */
    int32_t length;           /* of that text */
    const Word *words;        /* the text */
    uint64_t bytes, mask;     /* its first word */
    int32_t slot, low;        /* of the number, as in `Step` */
    int32_t valued;           /* whether rows need its value */
    int32_t column;           /* where in a row it goes; 0 for nowhere: there stands the line, which comes last */
} Leg;

typedef struct {
    int32_t template, count;  /* whose way it is; its legs, or 0 where none is remembered */
    Luck luck;
    Leg legs[MOST_LEGS];
} Way;

static void forget_way(Way *way) { way->count = 0; }

/* Whether the rows of a template need the value of a part. */
static int needs(const Template *template, int part)
{
    int needed = column_of(template, part) || part == template->major || part == template->minor;
    for (int i = 0; i < template->checked; i++)
        needed |= part == template->checks[i].part;
    return needed;
}

static Leg leg_of(const Program *program, int32_t index, const Template *template)
{
    const Step *step = program->steps + index;
    int32_t first = step->parent < 0 ? 0 : program->steps[step->parent].next;
    const Word *words = program->words + step->word;
    Leg leg = {index, first == index ? -1 : first, 0, step->runs, step->length, words, 0, 0, step->slot, step->low, 0, 0};
    leg.is_usual = first == index && step->plain;
    if (step->length) {
        leg.bytes = words->bytes;
        leg.mask = words->mask;
    }
    if (step->last == NUMBER || step->last == RUN) {
        leg.valued = needs(template, step->slot);
        leg.column = column_of(template, step->slot);
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
        usual += leg->is_usual;
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
    for (int32_t left = leg->length - 8; left > 0; left -= 8) {
        at += 8;
        word++;
        if ((eight(at) ^ word->bytes) & word->mask)
            return 0;
    }
    return 1;
}

/* Take a leg that is not just a text and a number; return what is behind it, or NULL. The value of its number goes into
   `printed`, if rows need it. */
static APART const uint8_t *odd_leg(const Program *program, const uint64_t *powers, const Leg *leg, const uint8_t *at,
                                    Printed *printed)
{
    if (leg->earlier >= 0 && may_differ(program, leg, at))
        return NULL;
    at = taken(program, program->steps + leg->index, at, printed);
    if (leg->valued && at != NULL && printed->count != TOLD) {
        if (!value_of(powers, printed, &printed->value))
            return NULL;
        printed->count = TOLD;
    }
    return at;
}

/* The same for any leg. */
static inline const uint8_t *leg_taken(const Program *program, const uint64_t *powers, const Leg *leg, const uint8_t *at,
                                       Printed *printed)
{
    if (leg->is_usual && (leg->runs ? stands(leg->words, leg->length, at) : text_stands(leg, at))) {
        const uint8_t *after = value_at(at + leg->length, leg->low, powers, &printed->value);
        if (after != NULL) {
            printed->count = TOLD;
            return after;
        }
    }
    return odd_leg(program, powers, leg, at, printed);
}

/* Go the way from a line's start and store the row; return what is behind the line. NULL if it goes another way, or if
   `store` is to tell what becomes of it. `printed` has a place for each variable part. */
static APART const uint8_t *gone(Way *way, const Program *program, Template *template, Counters *counters,
                                 const uint64_t *powers, const uint8_t *line, Py_ssize_t number, Printed *printed)
{
    if (template->count == template->room)
        return NULL;
    double *row = next_row(template);
    const double stays_out = forbidden(template);
    const uint8_t *at = line;
    for (const Leg *leg = way->legs, *end = leg + way->count; leg < end; leg++) {
        Printed *one = printed + leg->slot;
        at = leg_taken(program, powers, leg, at, one);
        if (at == NULL || (leg->column && one->value == stays_out)) {
            had_none(&way->luck);
            return NULL;
        }
        if (leg->column)
            row[leg->column] = one->value;
    }
    had_luck(&way->luck);
    if (!complete_row(template, counters, powers, printed, number, line, at - line))
        return NULL;
    return at;
}
