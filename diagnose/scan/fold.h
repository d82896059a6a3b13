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

static inline int overwrites(uint8_t byte) { return byte == '\r' || byte == '\b'; }

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
