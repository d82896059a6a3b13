/* Templates as a program: a trie whose nodes are tried from left to right, the first alternative first. */

enum { MOST_VARIABLES = 256, MOST_RETRIES = 48, LONGEST_TEXT = 4096 };

/* Operations of a program; the same numbers stand in template.py. */
enum { LITERAL, RUN, NUMBER, BLANKS, END };

/* A node as Python writes it. */
typedef struct {
    int32_t operation;
    int32_t low, high;        /* RUN, BLANKS: fewest and most bytes. NUMBER: low is the mask. END: low is the template. */
    int32_t next, other;      /* what follows; what else may stand here, or -1 */
    int32_t text, length;     /* LITERAL: where its bytes are */
    int32_t padding;
} Node;

/* What is run: nodes that follow each other without another choice, taken together. First blanks, then a text in which
   runs of fixed width are digits of any kind, then a number, a run of digits, the line's end, or nothing. */
typedef struct {
    int32_t next, other, parent;
    int32_t fewest, most;     /* blanks; most is -1 where there is no such part */
    int32_t word, length;     /* the text: its first word, its bytes */
    int32_t run, runs;        /* the variable parts in it: the first, how many */
    int32_t last, low, high;  /* NUMBER, RUN, END, LITERAL for nothing, BLANKS for what never fits; and its limits */
    int32_t first;            /* which variable part of the line the step's first one is */
    int32_t slot;             /* and which one the number or run is */
    int32_t plain;            /* 1 if it is a text and a number, 2 if the text is one byte */
    int32_t padding;          /* to 64 bytes */
} Step;

/* Eight bytes of a text, the last ones masked. `unlike` added to a byte's difference from `bytes` sets its highest bit
   if it differs by more than it may: not at all, or by what tells a digit from '0'. */
typedef struct { uint64_t bytes, mask, unlike; } Word;

typedef struct { int32_t start, end; } Run;

typedef struct {
    Step *steps;
    int32_t count;
    Word *words;
    Run *runs;
    uint8_t starts[256];      /* whether any template may begin with a byte */
} Program;

/* ---- making steps of nodes -------------------------------------------------------------------------------------- */

/* Whether nothing that may stand at a node, or in its place, begins with a digit, or with a blank. */
static int begins_otherwise(const Node *nodes, int32_t which, const uint8_t *texts, int32_t operation)
{
    for (; which >= 0; which = nodes[which].other) {
        const Node *node = nodes + which;
        int begins_so = node->operation != END;
        if (node->operation == LITERAL)
            begins_so = operation == RUN ? is_digit(texts[node->text]) : texts[node->text] == ' ';
        else if (node->operation != END && (node->operation == BLANKS) != (operation == BLANKS) && node->low > 0)
            begins_so = 0; /* digits and numbers are no blanks, and blanks are none of them */
        if (begins_so)
            return 0;
    }
    return 1;
}

/* Whether a node can be a part of a text. */
static int is_text(const Node *nodes, int32_t which, const uint8_t *texts)
{
    const Node *node = nodes + which;
    if (node->operation == LITERAL)
        return 1;
    return (node->operation == RUN || node->operation == BLANKS) && node->low == node->high && node->low > 0 &&
           node->low < LONGEST_TEXT && begins_otherwise(nodes, node->next, texts, node->operation);
}

typedef struct { int32_t words, runs; } Size;

/* Add a node to the text of a step. `program` is NULL where only the size is asked for. */
static void add_text(Program *program, Size *size, Step *step, const Node *node, const uint8_t *texts)
{
    int32_t width = node->operation == LITERAL ? node->length : node->low;
    for (int32_t i = 0; program != NULL && i < width; i++) {
        int32_t place = step->length + i, shift = 8 * (place % 8);
        Word *word = program->words + step->word + place / 8;
        uint8_t byte = node->operation == RUN ? '0' : node->operation == BLANKS ? ' ' : texts[node->text + i];
        if (shift == 0)
            *word = (Word){0, 0, 0};
        word->bytes |= (uint64_t)byte << shift;
        word->mask |= (uint64_t)0xFF << shift;
        word->unlike |= (uint64_t)(node->operation == RUN ? 0x76 : 0x7F) << shift;
    }
    if (node->operation != LITERAL) {
        if (program != NULL)
            program->runs[step->run + step->runs] = (Run){step->length, step->length + width};
        step->runs++;
    }
    step->length += width;
    size->words = step->word + (step->length + 7) / 8;
    size->runs = step->run + step->runs;
}

/* Make the step that begins with a node; return it, with what it needs added to `size`. */
static Step step_of(Program *program, Size *size, const Node *nodes, int32_t which, const uint8_t *texts)
{
    Step step = {which, nodes[which].other, -1, 0, -1, size->words, 0, size->runs, 0, LITERAL, 0, 0, 0, 0, 0, 0};
    const Node *node = nodes + which;
    if (node->operation == BLANKS && !is_text(nodes, which, texts)) {
        step.fewest = node->low;
        step.most = node->high;
        step.next = node->next;
        if (nodes[step.next].other >= 0)
            return step;
    }
    while (step.length < LONGEST_TEXT && is_text(nodes, step.next, texts)) {
        add_text(program, size, &step, nodes + step.next, texts);
        step.next = nodes[step.next].next;
        if (nodes[step.next].other >= 0)
            return step;
    }
    node = nodes + step.next;
    if (node->operation == NUMBER || node->operation == RUN || node->operation == END) {
        step.last = node->operation;
        step.low = node->low;
        step.high = node->high;
        step.next = node->operation == END ? -1 : node->next;
    }
    return step;
}

static int32_t variables(const Step *step)
{
    return (step->most >= 0) + step->runs + (step->last == NUMBER || step->last == RUN);
}

/* Make all steps; into a program whose tables are large enough, or only to see how large they must be. */
static Size compile(Program *program, const Node *nodes, int32_t count, const uint8_t *texts, int32_t *first, int32_t *parent)
{
    Size size = {0, 0};
    for (int32_t i = 0; i < count; i++)
        first[i] = i ? -1 : 0; /* -1: a part of a step */
    parent[0] = -1;
    for (int32_t i = 0; i < count; i++) {
        if (first[i] < 0)
            continue;
        Step step = step_of(program, &size, nodes, i, texts);
        step.first = first[i];
        step.parent = parent[i];
        step.slot = step.first + (step.most >= 0) + step.runs;
        step.plain = step.most < 0 && step.last == NUMBER ? 1 + (step.length == 1 && step.runs == 0) : 0;
        int32_t behind = step.first + variables(&step);
        if (behind > MOST_VARIABLES) {
            step.last = BLANKS;
            step.next = -1;
        }
        if (step.next >= 0) {
            first[step.next] = behind;
            parent[step.next] = i;
        }
        if (step.other >= 0) {
            first[step.other] = step.first;
            parent[step.other] = step.parent;
        }
        if (program != NULL)
            program->steps[i] = step;
    }
    return size;
}

/* Note with which bytes the templates may begin. */
static void note_starts(Program *program)
{
    memset(program->starts, 0, sizeof program->starts);
    for (int32_t here = program->count ? 0 : -1; here >= 0; here = program->steps[here].other) {
        const Step *step = program->steps + here;
        for (int byte = 0; byte < 256; byte++) {
            int fits = 1;
            if (step->most >= 0) {
                fits = byte == ' ' || step->fewest == 0;
            } else if (step->length) {
                Word word = program->words[step->word];
                uint64_t difference = ((uint64_t)byte ^ word.bytes) & 0xFF;
                fits = !(((difference + (word.unlike & 0xFF)) | difference) & 0x80);
            } else if (step->last == NUMBER || (step->last == RUN && step->low > 0)) {
                fits = is_digit((uint8_t)byte) || byte == '-' || byte == '+' || byte == '.';
            } else if (step->last == END) {
                fits = byte == '\r' || byte == '\n';
            }
            program->starts[byte] |= (uint8_t)fits;
        }
    }
}

static void release(Program *program)
{
    free(program->steps);
    free(program->words);
    free(program->runs);
    *program = (Program){NULL, 0, NULL, NULL, {0}};
}

/* Make a program of nodes that have been looked through; return 0 if there is no memory for it. */
static int prepare(Program *program, const Node *nodes, int32_t count, const uint8_t *texts)
{
    int32_t *first = malloc(2 * ((size_t)count + 1) * sizeof(int32_t));
    if (first == NULL)
        return 0;
    Size size = compile(NULL, nodes, count, texts, first, first + count + 1);
    program->count = count;
    program->steps = calloc((size_t)count + 1, sizeof(Step));
    program->words = malloc(((size_t)size.words + 1) * sizeof(Word));
    program->runs = malloc(((size_t)size.runs + 1) * sizeof(Run));
    int made = program->steps != NULL && program->words != NULL && program->runs != NULL;
    if (made) {
        compile(program, nodes, count, texts, first, first + count + 1);
        note_starts(program);
    } else {
        release(program);
    }
    free(first);
    return made;
}

/* ---- running them ----------------------------------------------------------------------------------------------- */

/* Whether a text stands at `at`. */
static inline int stands(const Word *word, int32_t length, const uint8_t *at)
{
    for (; length > 0; length -= 8, at += 8, word++) {
        uint64_t difference = (eight(at) ^ word->bytes) & word->mask;
        if (((difference + word->unlike) | difference) & HIGHEST)
            return 0;
    }
    return 1;
}

/* Take one step from `at`; return what is behind it, or NULL. A number goes to where `printed` has a place for it. */
static inline const uint8_t *taken(const Program *program, const Step *step, const uint8_t *at, Printed *printed)
{
    if (step->plain) {
        const Word *word = program->words + step->word;
        if (step->plain == 2 ? *at != (uint8_t)word->bytes : !stands(word, step->length, at))
            return NULL;
        at = number(at + step->length, printed);
        return at != NULL && (printed->shape & ~step->low) ? NULL : at;
    }
    if (step->most >= 0) {
        const uint8_t *blank = at;
        while (*at == ' ')
            at++;
        if (at - blank < step->fewest || at - blank > step->most)
            return NULL;
    }
    if (!stands(program->words + step->word, step->length, at))
        return NULL;
    at += step->length;
    switch (step->last) {
    case NUMBER:
        at = number(at, printed);
        return at != NULL && (printed->shape & ~step->low) ? NULL : at;
    case RUN: {
        const uint8_t *digit = at;
        uint64_t value = 0;
        while (is_digit(*at))
            value = value * 10 + (uint64_t)(*at++ - '0');
        *printed = (Printed){value, 18, 0, 0, 0};
        if (at - digit > 18) {
            *printed = (Printed){0, 0, 0, 0, 0};
            digits(digit, printed);
        }
        return at - digit < step->low || at - digit > step->high ? NULL : at;
    }
    case END:
        while (*at == '\r')
            at++;
        return *at == '\n' ? at + 1 : NULL;
    case BLANKS:
        return NULL;
    }
    return at;
}

/* Find the template of the line at `line`; return its last step, or -1. The numbers of the line go into `printed`, by
   variable part, and `*behind` is set behind the line's end. */
static int32_t find(const Program *program, const uint8_t *line, Printed *printed, const uint8_t **behind)
{
    struct { const uint8_t *at; int32_t step; } retries[MOST_RETRIES];
    int waiting = 0;
    const uint8_t *at = line;
    int32_t here = program->count ? 0 : -1;
    for (;;) {
        while (here >= 0) {
            const Step *step = program->steps + here;
            const uint8_t *after = taken(program, step, at, printed + step->slot);
            if (after == NULL) {
                here = step->other;
                continue;
            }
            if (step->last == END) {
                *behind = after;
                return here;
            }
            if (step->other >= 0 && waiting < MOST_RETRIES) {
                retries[waiting].at = at;
                retries[waiting++].step = step->other;
            }
            at = after;
            here = step->next;
        }
        if (waiting == 0)
            return -1;
        waiting--;
        at = retries[waiting].at;
        here = retries[waiting].step;
    }
}

/* A variable part of a line. */
typedef struct { const uint8_t *start, *end; } Part;

/* Find the variable parts of a line whose last step is known; return how many there are. The steps are gone through
   backward first: each tells then which comes behind it, in `path`, which has a place for every step. */
static int find_parts(const Program *program, int32_t last, const uint8_t *at, int32_t *path, Part *parts)
{
    int count = 0;
    Printed printed;
    int32_t length = 0;
    for (int32_t here = last; here >= 0; here = program->steps[here].parent)
        path[length++] = here;
    while (length > 0) {
        const Step *step = program->steps + path[--length];
        const uint8_t *after = taken(program, step, at, &printed), *text = at;
        if (step->most >= 0) {
            while (*text == ' ')
                text++;
            parts[count++] = (Part){at, text};
        }
        for (const Run *run = program->runs + step->run; run < program->runs + step->run + step->runs; run++)
            parts[count++] = (Part){text + run->start, text + run->end};
        if (step->last == NUMBER || step->last == RUN)
            parts[count++] = (Part){text + step->length, after};
        at = after;
    }
    return count;
}
