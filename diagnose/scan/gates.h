/* Which lines are wanted: those that hold one of many texts, found by a finite automaton.

   Most lines that are not wanted are like one that came before but for their digits: they are remembered, and known
   again eight bytes at a time. */

enum { DULL_LINES = 1 << 12, DULL_WORDS = 1 << 15, LONGEST_DULL = 1024 };

typedef struct { uint64_t hash; uint32_t first, words; } Dull;

typedef struct {
    uint8_t classes[256];
    uint16_t *table;          /* by state and class; state 1 means "wanted". NULL: every line is */
    uint32_t width;           /* classes */
    uint64_t blank;           /* what is taken off a digit of a line that is remembered: its value, or nothing */
    Dull *dull;
    uint64_t *words;          /* of the dull lines */
    uint32_t lines_used, words_used;
} Gate;

/* The word at `at`, of which `left` bytes belong to the line, with its digits blanked. */
static inline uint64_t blanked(const Gate *gate, const uint8_t *at, Py_ssize_t left)
{
    uint64_t word = eight(at);
    if (left < 8)
        word &= ((uint64_t)1 << (8 * left)) - 1;
    uint64_t from_zero = word ^ 0x3030303030303030;
    uint64_t digits = ~((from_zero & ~HIGHEST) + 0x7676767676767676) & ~from_zero & HIGHEST;
    return word & ~((digits >> 7) * gate->blank);
}

static uint64_t hash_of(const Gate *gate, const uint8_t *at, const uint8_t *end)
{
    uint64_t hash = (uint64_t)(end - at);
    for (; at < end; at += 8) {
        hash = (hash ^ blanked(gate, at, end - at)) * 0x9E3779B97F4A7C15;
        hash ^= hash >> 32;
    }
    return hash | 1;
}

static int is_dull(const Gate *gate, uint64_t hash, const uint8_t *at, const uint8_t *end)
{
    uint32_t words = (uint32_t)((end - at + 7) / 8);
    for (uint32_t place = (uint32_t)(hash >> 32) % DULL_LINES;; place = (place + 1) % DULL_LINES) {
        const Dull *dull = gate->dull + place;
        if (dull->hash == 0)
            return 0;
        if (dull->hash != hash || dull->words != words)
            continue;
        uint64_t difference = 0;
        for (uint32_t i = 0; i < words; i++)
            difference |= gate->words[dull->first + i] ^ blanked(gate, at + 8 * i, end - at - 8 * (Py_ssize_t)i);
        if (difference == 0)
            return 1;
    }
}

static void forget_dull(Gate *gate)
{
    gate->lines_used = gate->words_used = 0;
    if (gate->dull != NULL)
        memset(gate->dull, 0, DULL_LINES * sizeof(Dull));
}

/* Remember that nobody wants a line; without memory for it that is found out again. */
static void remember_dull(Gate *gate, uint64_t hash, const uint8_t *at, const uint8_t *end)
{
    uint32_t words = (uint32_t)((end - at + 7) / 8);
    if (gate->dull == NULL) {
        gate->dull = malloc(DULL_LINES * sizeof(Dull));
        gate->words = malloc(DULL_WORDS * sizeof(uint64_t));
        if (gate->dull == NULL || gate->words == NULL) {
            free(gate->dull);
            free(gate->words);
            gate->dull = NULL;
            gate->words = NULL;
            return;
        }
        forget_dull(gate);
    }
    if (gate->lines_used >= DULL_LINES / 4 * 3 || gate->words_used + words > DULL_WORDS)
        forget_dull(gate);
    uint32_t place = (uint32_t)(hash >> 32) % DULL_LINES;
    while (gate->dull[place].hash != 0)
        place = (place + 1) % DULL_LINES;
    gate->dull[place] = (Dull){hash, gate->words_used, words};
    for (uint32_t i = 0; i < words; i++)
        gate->words[gate->words_used + i] = blanked(gate, at + 8 * i, end - at - 8 * (Py_ssize_t)i);
    gate->words_used += words;
    gate->lines_used++;
}

/* Whether a line up to its newline at `end` is wanted. */
static int wanted(Gate *gate, const uint8_t *at, const uint8_t *end)
{
    if (gate->table == NULL)
        return 1;
    while (end > at && end[-1] == '\r')
        end--; /* a part of the line's end; anywhere else it overwrites */
    uint64_t hash = 0;
    if (end - at <= LONGEST_DULL) {
        hash = hash_of(gate, at, end);
        if (gate->dull != NULL && is_dull(gate, hash, at, end))
            return 0;
    }
    uint32_t state = 0;
    for (const uint8_t *next = at; next < end; next++) {
        state = gate->table[state * gate->width + gate->classes[*next]];
        if (state == 1)
            return 1;
    }
    if (gate->table[state * gate->width + gate->classes['\n']] == 1)
        return 1;
    if (hash)
        remember_dull(gate, hash, at, end);
    return 0;
}
