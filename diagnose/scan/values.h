/* Numbers read as doubles in one go, where what stands there is known to be a number: `number` of numbers.h tells of any
   text what it shows. */

/* A number as a double, and what follows it: NULL if it is left to `number`. */
typedef struct { const uint8_t *after; double value; } Value;

static const Value NO_VALUE = {NULL, 0.0};

/* What a number must be below for so many digits, up to eight, to fit into 64 bits behind it. */
static const uint64_t BELOW[] = {UINT64_MAX,           UINT64_MAX / 10,      UINT64_MAX / 100,
                                 UINT64_MAX / 1000,    UINT64_MAX / 10000,   UINT64_MAX / 100000,
                                 UINT64_MAX / 1000000, UINT64_MAX / 10000000, UINT64_MAX / 100000000};

static inline int is_exponent(uint8_t byte) { return (byte | 32) == 'e'; }

/* Round digits behind which an exponent may stand. */
static APART Value with_exponent(const uint8_t *at, uint64_t digits, int32_t power, int32_t mask, const uint64_t *powers)
{
    Printed printed = {0, 0, power, 0, 0, 0};
    Value read = {exponent(at, &printed), 0.0};
    if ((printed.shape & ~mask) || (digits && !rounded(powers, digits, printed.power, &read.value)))
        return NO_VALUE;
    return read;
}

/* Read what stands behind eight digits of a fraction, the last ones of `digits`: up to fifteen more. However many there are
   they are rounded, so that the processor foresees which way it is. */
static APART Value long_fraction(const uint8_t *at, uint64_t digits, int32_t mask, const uint64_t *powers)
{
    uint64_t bytes = eight(at) ^ ZEROS, others = no_digits(bytes);
    int32_t power = -8;
    if (!others) {
        if (digits >= BELOW[8])
            return NO_VALUE;
        digits = digits * TENS[8] + number_of(bytes);
        at += 8;
        power = -16;
        bytes = eight(at) ^ ZEROS;
        others = no_digits(bytes);
        if (!others)
            return NO_VALUE;
    }
    const unsigned bit = bit_behind(others), count = bit / 8;
    if (digits >= BELOW[count])
        return NO_VALUE;
    digits = appended(digits, bytes, bit);
    power -= (int32_t)count;
    Value read = {at + count, 0.0};
    if (is_exponent(*read.after))
        return with_exponent(read.after, digits, power, mask, powers);
    return digits == 0 || rounded(powers, digits, power, &read.value) ? read : NO_VALUE;
}

/* Read a whole number of eight digits and more. */
static Value long_whole(const uint8_t *at, uint64_t digits, int32_t mask)
{
    uint64_t bytes = eight(at + 8) ^ ZEROS, others = no_digits(bytes);
    const uint8_t *after = at + 8 + (others ? bit_behind(others) / 8 : 8);
    if (!others || *at == '0' || *after == '.' || is_exponent(*after) || !(mask & IS_WHOLE))
        return NO_VALUE;
    return (Value){after, (double)(int64_t)appended(digits, bytes, bit_behind(others))};
}

/* Read a number with several digits before its point, or a whole one that is long or has an exponent. */
static APART Value long_value(const uint8_t *at, int32_t mask, const uint64_t *powers)
{
    uint64_t bytes = eight(at) ^ ZEROS, others = no_digits(bytes);
    if (!others)
        return long_whole(at, number_of(bytes), mask);
    unsigned bit = bit_behind(others);
    if (bit > 15 && *at == '0')
        return NO_VALUE;
    uint64_t digits = number_of(bytes << (71 - bit));
    at += bit / 8;
    if (*at != '.')
        return is_exponent(*at) && mask & IS_WHOLE ? with_exponent(at, digits, 0, mask, powers) : NO_VALUE;
    bytes = eight(++at) ^ ZEROS;
    others = no_digits(bytes);
    if (!others)
        return long_fraction(at + 8, digits * TENS[8] + number_of(bytes), mask, powers);
    bit = bit_behind(others);
    if (bit < 8)
        return NO_VALUE;
    digits = appended(digits, bytes, bit);
    at += bit / 8;
    if (is_exponent(*at))
        return with_exponent(at, digits, -(int32_t)(bit / 8), mask, powers);
    return (Value){at, (double)(int64_t)digits / EXACT[bit / 8]};
}

/* Read a whole number at once, if it is short. */
static inline Value whole_value(const uint8_t *at, int32_t mask, const uint64_t *powers)
{
    uint64_t bytes = eight(at) ^ ZEROS, others = no_digits(bytes);
    if (!others)
        return long_value(at, mask, powers);
    const unsigned bit = bit_behind(others);
    const uint8_t *after = at + bit / 8;
    if (*after == '.' || is_exponent(*after))
        return long_value(at, mask, powers);
    if (!(mask & IS_WHOLE) || (bit > 15 && *at == '0'))
        return NO_VALUE;
    return (Value){after, (double)(int64_t)number_of(bytes << (71 - bit))};
}

/* Read a number without a sign at once into a double, the fastest if it is below ten and has a fraction, which `mask` must
   allow, or is whole. Left to `number` are those with leading zeros, with more digits than 64 bits hold, with a point that
   nothing follows, and of other shapes than are in `mask`. */
static inline Value value_at(const uint8_t *at, int32_t mask, const uint64_t *powers)
{
    uint64_t first = (uint64_t)*at - '0';
    if (first > 9)
        return NO_VALUE;
    if (at[1] != '.')
        return whole_value(at, mask, powers);
    uint64_t bytes = eight(at + 2) ^ ZEROS, others = no_digits(bytes);
    if (!others)
        return long_fraction(at + 10, first * TENS[8] + number_of(bytes), mask, powers);
    const unsigned bit = bit_behind(others);
    const uint8_t *after = at + 2 + bit / 8;
    if (bit < 8 || is_exponent(*after))
        return long_value(at, mask, powers);
    return (Value){after, (double)(int64_t)number_of((bytes << 8 | first) << (63 - bit)) / EXACT[bit / 8]};
}
