//! Public names of the modules that snippets use most: those of CPython 3.11 to 3.14, so that the worker's interpreter misses none that is used.

/// Each module with its names, separated by blanks.
pub(super) const MODULES: &[(&str, &str)] = &[
    (
        "base64",
        "MAXBINSIZE MAXLINESIZE a85decode a85encode b16decode b16encode b32decode b32encode b32hexdecode b32hexencode b64decode b64encode \
         b85decode b85encode binascii bytes_types decode decodebytes encode encodebytes main re standard_b64decode standard_b64encode \
         struct test urlsafe_b64decode urlsafe_b64encode z85decode z85encode",
    ),
    ("bisect", "bisect bisect_left bisect_right insort insort_left insort_right"),
    (
        "calendar",
        "APRIL AUGUST Calendar DECEMBER Day EPOCH FEBRUARY FRIDAY February HTMLCalendar IllegalMonthError IllegalWeekdayError JANUARY JULY \
         JUNE January LocaleHTMLCalendar LocaleTextCalendar MARCH MAY MONDAY Month NOVEMBER OCTOBER SATURDAY SEPTEMBER SUNDAY THURSDAY \
         TUESDAY TextCalendar WEDNESDAY c calendar datetime day_abbr day_name different_locale error firstweekday format formatstring \
         isleap leapdays main mdays month month_abbr month_name monthcalendar monthrange prcal prmonth prweek repeat setfirstweekday sys \
         timegm week weekday weekheader",
    ),
    ("collections", "ChainMap Counter OrderedDict UserDict UserList UserString abc defaultdict deque namedtuple"),
    ("copy", "Error copy deepcopy dispatch_table error replace"),
    (
        "csv",
        "Dialect DictReader DictWriter Error QUOTE_ALL QUOTE_MINIMAL QUOTE_NONE QUOTE_NONNUMERIC Sniffer StringIO excel excel_tab \
         field_size_limit get_dialect list_dialects re reader register_dialect unix_dialect unregister_dialect writer",
    ),
    ("datetime", "MAXYEAR MINYEAR UTC date datetime datetime_CAPI sys time timedelta timezone tzinfo"),
    (
        "decimal",
        "BasicContext Clamped Context ConversionSyntax Decimal DecimalException DecimalTuple DefaultContext DivisionByZero \
         DivisionImpossible DivisionUndefined ExtendedContext FloatOperation HAVE_CONTEXTVAR HAVE_THREADS Inexact InvalidContext \
         InvalidOperation MAX_EMAX MAX_PREC MIN_EMIN MIN_ETINY Overflow ROUND_05UP ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN \
         ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP Rounded Subnormal Underflow getcontext localcontext setcontext",
    ),
    (
        "functools",
        "GenericAlias Placeholder RLock WRAPPER_ASSIGNMENTS WRAPPER_UPDATES cache cached_property cmp_to_key get_cache_token lru_cache \
         namedtuple partial partialmethod recursive_repr reduce singledispatch singledispatchmethod total_ordering update_wrapper wraps",
    ),
    (
        "hashlib",
        "algorithms_available algorithms_guaranteed blake2b blake2s file_digest md5 new pbkdf2_hmac scrypt sha1 sha224 sha256 sha384 \
         sha3_224 sha3_256 sha3_384 sha3_512 sha512 shake_128 shake_256",
    ),
    (
        "heapq",
        "heapify heapify_max heappop heappop_max heappush heappush_max heappushpop heappushpop_max heapreplace heapreplace_max merge \
         nlargest nsmallest",
    ),
    ("hmac", "HMAC compare_digest digest digest_size new trans_36 trans_5C"),
    ("html", "entities escape unescape"),
    (
        "itertools",
        "accumulate batched chain combinations combinations_with_replacement compress count cycle dropwhile filterfalse groupby islice \
         pairwise permutations product repeat starmap takewhile tee zip_longest",
    ),
    ("json", "JSONDecodeError JSONDecoder JSONEncoder codecs decoder detect_encoding dump dumps encoder load loads scanner"),
    (
        "math",
        "acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs factorial \
         floor fma fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2 modf nan \
         nextafter perm pi pow prod radians remainder sin sinh sqrt sumprod tan tanh tau trunc ulp",
    ),
    (
        "operator",
        "abs add and_ attrgetter call concat contains countOf delitem eq floordiv ge getitem gt iadd iand iconcat ifloordiv ilshift imatmul \
         imod imul index indexOf inv invert ior ipow irshift is_ is_none is_not is_not_none isub itemgetter itruediv ixor le length_hint \
         lshift lt matmul methodcaller mod mul ne neg not_ or_ pos pow rshift setitem sub truediv truth xor",
    ),
    (
        "random",
        "BPF LOG4 NV_MAGICCONST RECIP_BPF Random SG_MAGICCONST SystemRandom TWOPI betavariate binomialvariate choice choices expovariate \
         gammavariate gauss getrandbits getstate lognormvariate normalvariate paretovariate randbytes randint random randrange sample seed \
         setstate shuffle triangular uniform vonmisesvariate weibullvariate",
    ),
    (
        "re",
        "A ASCII DEBUG DOTALL I IGNORECASE L LOCALE M MULTILINE Match NOFLAG Pattern RegexFlag S Scanner T TEMPLATE U UNICODE VERBOSE X \
         compile copyreg enum error escape findall finditer fullmatch functools match purge search split sub subn template",
    ),
    (
        "secrets",
        "DEFAULT_ENTROPY SystemRandom base64 binascii choice compare_digest randbelow randbits token_bytes token_hex token_urlsafe",
    ),
    (
        "statistics",
        "Counter Decimal Fraction LinearRegression NormalDist StatisticsError bisect_left bisect_right correlation covariance defaultdict \
         erf exp fabs fmean fsum geometric_mean groupby harmonic_mean hypot kde kde_random linear_regression log math mean median \
         median_grouped median_high median_low mode mul multimode namedtuple numbers pstdev pvariance quantiles random reduce repeat sqrt \
         stdev sys tau variance",
    ),
    (
        "string",
        "Formatter Template ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits printable punctuation \
         templatelib whitespace",
    ),
    ("textwrap", "TextWrapper dedent fill indent re shorten wrap"),
    (
        "time",
        "CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME CLOCK_TAI CLOCK_THREAD_CPUTIME_ID \
         altzone asctime clock_getres clock_gettime clock_gettime_ns clock_settime clock_settime_ns ctime daylight get_clock_info gmtime \
         localtime mktime monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns pthread_getcpuclockid sleep \
         strftime strptime struct_time thread_time thread_time_ns time time_ns timezone tzname tzset",
    ),
    (
        "unicodedata",
        "UCD bidirectional category combining decimal decomposition digit east_asian_width is_normalized lookup mirrored name normalize \
         numeric ucd_3_2_0 unidata_version",
    ),
    (
        "urllib.parse",
        "DefragResult DefragResultBytes ParseResult ParseResultBytes ResultBase SplitResult SplitResultBytes clear_cache functools \
         ipaddress namedtuple non_hierarchical parse_qs parse_qsl quote quote_from_bytes quote_plus re scheme_chars splitattr splithost \
         splitnport splitpasswd splitport splitquery splittag splittype splituser splitvalue sys to_bytes types unquote unquote_plus \
         unquote_to_bytes unwrap urldefrag urlencode urljoin urlparse urlsplit urlunparse urlunsplit uses_fragment uses_netloc uses_params \
         uses_query uses_relative warnings",
    ),
    (
        "uuid",
        "Enum MAX NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500 NIL RESERVED_FUTURE RESERVED_MICROSOFT RESERVED_NCS RFC_4122 \
         SafeUUID UUID bytes_ getnode int_ os platform sys uuid1 uuid3 uuid4 uuid5 uuid6 uuid7 uuid8",
    ),
    (
        "zlib",
        "DEFLATED DEF_BUF_SIZE DEF_MEM_LEVEL MAX_WBITS ZLIB_RUNTIME_VERSION ZLIB_VERSION Z_BEST_COMPRESSION Z_BEST_SPEED Z_BLOCK \
         Z_DEFAULT_COMPRESSION Z_DEFAULT_STRATEGY Z_FILTERED Z_FINISH Z_FIXED Z_FULL_FLUSH Z_HUFFMAN_ONLY Z_NO_COMPRESSION Z_NO_FLUSH \
         Z_PARTIAL_FLUSH Z_RLE Z_SYNC_FLUSH Z_TREES adler32 compress compressobj crc32 decompress decompressobj error",
    ),
];
