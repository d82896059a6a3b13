/* Printed numbers as doubles.

   A number is stored only if it is certain to equal Python's float(): exact arithmetic where both parts are exact, else
   the method of Eisel and Lemire (arXiv:2101.11408); what that leaves open makes the line one for Python. */

/* What a printed number shows; a NUMBER node accepts the shapes in its mask. The same numbers stand in template.py. */
enum { HAS_SIGN_MINUS = 1, HAS_SIGN_PLUS = 2, IS_WHOLE = 4, HAS_FRACTION = 8, HAS_EXPONENT = 16, ENDS_IN_POINT = 32,
       BEGINS_WITH_POINT = 64, LEADING_ZERO = 128, ANY_SHAPE = 255 };
enum { MOST_DIGITS = 19, TOLD = -1 }; /* so many digits does a number of 64 bits hold */

typedef struct {
    uint64_t digits;          /* significant digits as a whole number, right if there are at most MOST_DIGITS */
    int32_t count;            /* how many, leading zeros left out; or TOLD, where `value` says it all */
    int32_t power;            /* of ten, by which they are multiplied */
    int32_t shape;
    int negative;
    double value;             /* if the count is TOLD */
} Printed;

/* Eight bytes, the first one lowest, whatever the machine's own order. */
static inline uint64_t eight(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

static inline int is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

/* Zero bits before the highest one; the number is not 0. */
static inline int zeros_before(uint64_t value)
{
#ifdef __GNUC__
    return __builtin_clzll(value);
#else
    int zeros = 0;
    for (int step = 32; step; step /= 2)
        if (!(value >> (64 - step))) {
            value <<= step;
            zeros += step;
        }
    return zeros;
#endif
}

/* Zero bits behind the lowest one; the number is not 0. */
static inline int zeros_behind(uint64_t value)
{
#ifdef __GNUC__
    return __builtin_ctzll(value);
#else
    return 63 - zeros_before(value & (0 - value));
#endif
}

#ifdef __GNUC__
#define APART __attribute__((noinline)) /* what is called seldom keeps its registers to itself */
#else
#define APART
#endif

static const double EXACT[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const uint64_t TENS[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static const uint64_t ZEROS = 0x3030303030303030, HIGHEST = 0x8080808080808080;

/* The highest bit of each byte that is no digit, of bytes of which those of '0' were taken away. */
static inline uint64_t no_digits(uint64_t bytes) { return ((bytes + 0x7676767676767676) | bytes) & HIGHEST; }

/* Eight bytes without the values of digits among them. */
static inline uint64_t form_of(const uint8_t *at)
{
    uint64_t from_zero = eight(at) ^ ZEROS;
    uint64_t others = (((from_zero & ~HIGHEST) + 0x7676767676767676) | from_zero) & HIGHEST; /* of all bytes that are none */
    return from_zero & (others >> 7) * 0xFF;
}

/* Eight digits, the first one lowest, as a number: pairs are added up first, then fours, then both. */
static inline uint64_t number_of(uint64_t digits)
{
    digits = digits * (10 << 8 | 1) >> 8 & 0x00FF00FF00FF00FF;
    digits = digits * (100 << 16 | 1) >> 16 & 0x0000FFFF0000FFFF;
    return digits * ((uint64_t)10000 << 32 | 1) >> 32;
}

/* Where the first of eight bytes that is no digit has its highest bit; at least one is known. */
static inline unsigned bit_behind(uint64_t others) { return (unsigned)zeros_behind(others); }

/* The first ones of eight digits, up to that bit, appended to a number: as if zeros stood before them. */
static inline uint64_t appended(uint64_t number, uint64_t digits, unsigned bit)
{
    return number * TENS[bit / 8] + number_of(digits << (63 - bit) << 8);
}

/* Append the digits at `at`, of which the first eight are looked at, to a number; return how many there are. */
static inline int up_to_eight(const uint8_t *at, uint64_t *number)
{
    uint64_t bytes = eight(at) ^ ZEROS, others = no_digits(bytes);
    if (!others) {
        *number = *number * TENS[8] + number_of(bytes);
        return 8;
    }
    const unsigned bit = bit_behind(others);
    *number = appended(*number, bytes, bit);
    return (int)(bit / 8);
}

/* Read a run of digits into `printed`; return what follows. */
static inline const uint8_t *digits(const uint8_t *at, Printed *printed)
{
    uint64_t value = printed->digits;
    const uint8_t *first = at;
    if (value == 0) {
        while (*at == '0')
            at++;
        first = at;
    }
    for (uint8_t digit; (digit = (uint8_t)(*at - '0')) < 10; at++)
        value = value * 10 + digit;
    printed->count += (int32_t)(at - first < 1000 ? at - first : 1000);
    printed->digits = value;
    return at;
}

/* Read the exponent at `at`, if there is one; return what follows. */
static inline const uint8_t *exponent(const uint8_t *at, Printed *printed)
{
    if ((*at | 32) != 'e')
        return at;
    const uint8_t *digit = at + 1;
    int negative = *digit == '-';
    if (negative || *digit == '+')
        digit++;
    if (!is_digit(*digit))
        return at;
    int32_t value = 0;
    for (; is_digit(*digit); digit++)
        if (value < 100000)
            value = value * 10 + (*digit - '0');
    printed->power += negative ? -value : value;
    printed->shape |= HAS_EXPONENT;
    return digit;
}

/* Read the longest number at `at`; return what follows, or NULL if there is none. */
static const uint8_t *any_number(const uint8_t *at, Printed *printed)
{
    *printed = (Printed){0, 0, 0, 0, 0};
    if (*at == '-') {
        printed->negative = 1;
        printed->shape = HAS_SIGN_MINUS;
        at++;
    } else if (*at == '+') {
        printed->shape = HAS_SIGN_PLUS;
        at++;
    }
    const uint8_t *whole = at;
    at = digits(at, printed);
    int has_whole = at > whole;
    if (*whole == '0' && at > whole + 1)
        printed->shape |= LEADING_ZERO;
    if (*at == '.') {
        const uint8_t *fraction = at + 1;
        at = digits(fraction, printed);
        Py_ssize_t width = at - fraction;
        if (width == 0) {
            if (!has_whole)
                return NULL;
            printed->shape |= ENDS_IN_POINT;
        } else {
            printed->shape |= has_whole ? HAS_FRACTION : BEGINS_WITH_POINT;
            printed->power = width < 100000 ? -(int32_t)width : -100000;
        }
    } else if (!has_whole) {
        return NULL;
    } else {
        printed->shape |= IS_WHOLE;
    }
    return exponent(at, printed);
}

/* The same, the digits of a fraction eight at a time. */
static APART const uint8_t *long_number(const uint8_t *at, Printed *printed)
{
    const uint8_t *whole = at + (*at == '-');
    uint64_t value = (uint8_t)(*whole - '0');
    if (value > 9)
        return any_number(at, printed);
    int32_t power = 0, shape = whole > at ? HAS_SIGN_MINUS | IS_WHOLE : IS_WHOLE;
    const uint8_t *next = whole + 1;
    if (is_digit(*next)) {
        if (value == 0)
            shape |= LEADING_ZERO;
        int more = up_to_eight(next, &value);
        if (more == 8)
            return any_number(at, printed);
        next += more;
    }
    Py_ssize_t width = next - whole;
    if (*next == '.') {
        const uint8_t *fraction = ++next;
        int more = up_to_eight(next, &value);
        next += more;
        if (more == 8) {
            more = up_to_eight(next, &value);
            next += more;
            if (more == 8)
                next += up_to_eight(next, &value);
        }
        power = (int32_t)(fraction - next);
        if (power == 0 || power == -24)
            return any_number(at, printed);
        width -= power;
        shape += HAS_FRACTION - IS_WHOLE;
    }
    if (width > MOST_DIGITS) {
        for (const uint8_t *zero = whole; *zero == '0' || *zero == '.'; zero++)
            width -= *zero == '0';
        if (width > MOST_DIGITS)
            return any_number(at, printed);
    }
    *printed = (Printed){value, MOST_DIGITS, power, shape, whole > at}; /* so many digits or fewer, all of them right */
    return exponent(next, printed);
}

/* The same, at once for numbers as short as they mostly are. */
static inline const uint8_t *number(const uint8_t *at, Printed *printed)
{
    uint64_t value = (uint8_t)(*at - '0');
    if (value > 9 || at[1] != '.' || !is_digit(at[2]))
        return long_number(at, printed);
    const uint8_t *next = at + 2;
    int count = up_to_eight(next, &value);
    next += count;
    if (count == 8 || (*next | 32) == 'e')
        return long_number(at, printed);
    printed->count = TOLD;
    printed->shape = HAS_FRACTION;
    printed->value = (double)(int64_t)value / EXACT[count];
    return next;
}

typedef struct { uint64_t high, low; } Wide;

static inline Wide multiplied(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;
    return (Wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    uint64_t low = (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF), one = (a >> 32) * (b & 0xFFFFFFFF);
    uint64_t other = (a & 0xFFFFFFFF) * (b >> 32), high = (a >> 32) * (b >> 32);
    uint64_t middle = (low >> 32) + (one & 0xFFFFFFFF) + (other & 0xFFFFFFFF);
    return (Wide){high + (one >> 32) + (other >> 32) + (middle >> 32), (middle << 32) | (low & 0xFFFFFFFF)};
#endif
}

/* Round digits * 10**power, digits not 0, correctly to a double; return 0 where this method cannot tell. */
static inline int rounded(const uint64_t *powers, uint64_t value, int32_t power, double *result)
{
    if (power < -342 || power > 308)
        return 0;
    int zeros = zeros_before(value);
    value <<= zeros;
    const uint64_t *entry = powers + 2 * (power + 342);
    Wide product = multiplied(value, entry[0]);
    if ((product.high & 0x1FF) == 0x1FF) {
        Wide rest = multiplied(value, entry[1]);
        product.low += rest.high;
        product.high += rest.high > product.low;
        if (product.low == UINT64_MAX && (power < -27 || power > 55))
            return 0;
    }
    int upper = (int)(product.high >> 63);
    uint64_t mantissa = product.high >> (upper + 9);
    int32_t binary = (int32_t)(((152170 + 65536) * (int64_t)power) >> 16) + 63 + upper - zeros + 1023;
    if (binary <= 0 || binary >= 2046)
        return 0; /* subnormal or too large: rare enough for Python */
    if (product.low <= 1 && power >= -4 && power <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == product.high)
        mantissa &= ~(uint64_t)1; /* exactly between two doubles: to the even one */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    uint64_t bits = ((uint64_t)(binary - 1) << 52) + mantissa; /* the highest bit of the one is added to the other */
    memcpy(result, &bits, sizeof bits);
    return 1;
}

/* Numbers up to 2**53 are doubles. Most of sixteen digits and more are read like those of seventeen, which they stand
   between: the processor then foresees which way it is. */
static const uint64_t EXACT_DIGITS = (uint64_t)1 << 53, FEW_DIGITS = 1000000000000000;

/* The same as `value_of` where it is not told. */
static APART int worked_out(const uint64_t *powers, const Printed *printed, double *result)
{
    double value;
    if (printed->count > MOST_DIGITS)
        return 0;
    if (printed->digits <= (powers == NULL ? EXACT_DIGITS : FEW_DIGITS) && printed->power >= -22 && printed->power <= 22) {
        value = (double)(int64_t)printed->digits;
        if (printed->power < 0)
            value /= EXACT[-printed->power];
        else
            value *= EXACT[printed->power];
    } else if (printed->digits == 0) {
        value = 0.0;
    } else if (powers == NULL || !rounded(powers, printed->digits, printed->power, &value)) {
        return 0;
    }
    *result = printed->negative ? -value : value;
    return 1;
}

/* The double that Python's float() gives, or 0 if that is left to Python. */
static inline int value_of(const uint64_t *powers, const Printed *printed, double *result)
{
    if (printed->count != TOLD)
        return worked_out(powers, printed, result);
    *result = printed->value;
    return 1;
}
