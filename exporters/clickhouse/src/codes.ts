// ClickHouse's exceptions by code, and what each means for an insert. The HTTP status does not tell: whatever ClickHouse's
// table of statuses leaves out is 500, bad data and lasting troubles among it. Names and codes: src/Common/ErrorCodes.cpp.

/** What follows from an exception. */
export type Meaning =
  /** Not now. It may have been stored all the same. */
  | 'retry'
  /** Not now, and it was not begun. */
  | 'refused for now'
  /** Too large at once. */
  | 'split'
  | 'credentials'
  | 'configuration'
  /** A row that the table will not take. */
  | 'data'

const meanings: Readonly<Record<Meaning, readonly (readonly [number, string])[]>> = {
  retry: [
    [3, 'UNEXPECTED_END_OF_FILE'],
    [74, 'CANNOT_READ_FROM_FILE_DESCRIPTOR'],
    [75, 'CANNOT_WRITE_TO_FILE_DESCRIPTOR'],
    [76, 'CANNOT_OPEN_FILE'],
    [159, 'TIMEOUT_EXCEEDED'],
    [160, 'TOO_SLOW'],
    [198, 'DNS_ERROR'],
    [209, 'SOCKET_TIMEOUT'],
    [210, 'NETWORK_ERROR'],
    [225, 'NO_ZOOKEEPER'],
    [236, 'ABORTED'],
    [241, 'MEMORY_LIMIT_EXCEEDED'],
    [243, 'NOT_ENOUGH_SPACE'],
    [244, 'UNEXPECTED_ZOOKEEPER_ERROR'],
    [271, 'CANNOT_DECOMPRESS'],
    [279, 'ALL_CONNECTION_TRIES_FAILED'],
    [286, 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE'],
    [289, 'REPLICA_IS_NOT_IN_QUORUM'],
    [319, 'UNKNOWN_STATUS_OF_INSERT'],
    [354, 'ZLIB_INFLATE_FAILED'],
    [373, 'SESSION_IS_LOCKED'],
    [394, 'QUERY_WAS_CANCELLED'],
    [425, 'SYSTEM_ERROR'],
    [439, 'CANNOT_SCHEDULE_TASK'],
    [473, 'DEADLOCK_AVOIDED'],
    [499, 'S3_ERROR'],
    [561, 'ZSTD_DECODER_FAILED'],
    [733, 'TABLE_IS_BEING_RESTARTED'],
    [999, 'KEEPER_EXCEPTION'],
    [1000, 'POCO_EXCEPTION'],
    [1001, 'STD_EXCEPTION'],
    [1002, 'UNKNOWN_EXCEPTION'],
  ],
  'refused for now': [
    [201, 'QUOTA_EXCEEDED'],
    [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
    [203, 'NO_FREE_CONNECTION'],
    // An earlier attempt of the same batch.
    [216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING'],
    [242, 'TABLE_IS_READ_ONLY'],
    [252, 'TOO_MANY_PARTS'],
    [285, 'TOO_FEW_LIVE_REPLICAS'],
    [745, 'SERVER_OVERLOADED'],
  ],
  split: [[307, 'TOO_MANY_BYTES']],
  credentials: [
    [164, 'READONLY'],
    [192, 'UNKNOWN_USER'],
    [193, 'WRONG_PASSWORD'],
    [194, 'REQUIRED_PASSWORD'],
    [195, 'IP_ADDRESS_NOT_ALLOWED'],
    [291, 'DATABASE_ACCESS_DENIED'],
    [492, 'ACCESS_ENTITY_NOT_FOUND'],
    [497, 'ACCESS_DENIED'],
    [511, 'UNKNOWN_ROLE'],
    [512, 'SET_NON_GRANTED_ROLE'],
    [516, 'AUTHENTICATION_FAILED'],
  ],
  configuration: [
    [10, 'NOT_FOUND_COLUMN_IN_BLOCK'],
    [15, 'DUPLICATE_COLUMN'],
    [16, 'NO_SUCH_COLUMN_IN_TABLE'],
    [36, 'BAD_ARGUMENTS'],
    [46, 'UNKNOWN_FUNCTION'],
    [47, 'UNKNOWN_IDENTIFIER'],
    [48, 'NOT_IMPLEMENTED'],
    [50, 'UNKNOWN_TYPE'],
    [56, 'UNKNOWN_STORAGE'],
    [60, 'UNKNOWN_TABLE'],
    [62, 'SYNTAX_ERROR'],
    [73, 'UNKNOWN_FORMAT'],
    [81, 'UNKNOWN_DATABASE'],
    [89, 'UNKNOWN_COMPRESSION_METHOD'],
    [108, 'NO_DATA_TO_INSERT'],
    [115, 'UNKNOWN_SETTING'],
    [344, 'SUPPORT_IS_DISABLED'],
    [452, 'SETTING_CONSTRAINT_VIOLATION'],
  ],
  data: [
    [6, 'CANNOT_PARSE_TEXT'],
    [8, 'THERE_IS_NO_COLUMN'],
    [25, 'CANNOT_PARSE_ESCAPE_SEQUENCE'],
    [26, 'CANNOT_PARSE_QUOTED_STRING'],
    [27, 'CANNOT_PARSE_INPUT_ASSERTION_FAILED'],
    [32, 'ATTEMPT_TO_READ_AFTER_EOF'],
    [33, 'CANNOT_READ_ALL_DATA'],
    [38, 'CANNOT_PARSE_DATE'],
    [41, 'CANNOT_PARSE_DATETIME'],
    [43, 'ILLEGAL_TYPE_OF_ARGUMENT'],
    [44, 'ILLEGAL_COLUMN'],
    [53, 'TYPE_MISMATCH'],
    [69, 'ARGUMENT_OUT_OF_BOUND'],
    [70, 'CANNOT_CONVERT_TYPE'],
    [72, 'CANNOT_PARSE_NUMBER'],
    [117, 'INCORRECT_DATA'],
    [130, 'CANNOT_READ_ARRAY_FROM_TEXT'],
    [131, 'TOO_LARGE_STRING_SIZE'],
    [321, 'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE'],
    [349, 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN'],
    [376, 'CANNOT_PARSE_UUID'],
    [467, 'CANNOT_PARSE_BOOL'],
    [469, 'VIOLATED_CONSTRAINT'],
    [675, 'CANNOT_PARSE_IPV4'],
    [676, 'CANNOT_PARSE_IPV6'],
    [691, 'UNKNOWN_ELEMENT_OF_ENUM'],
  ],
}

/** An exception this package knows. */
export interface ClickHouseCode {
  readonly name: string
  readonly meaning: Meaning
}

/** ClickHouse's exceptions by code. Source: src/Common/ErrorCodes.cpp. */
export const codes: ReadonlyMap<number, ClickHouseCode> = new Map(
  (Object.keys(meanings) as Meaning[]).flatMap((meaning) =>
    meanings[meaning].map(([code, name]) => [code, { name, meaning }] as const),
  ),
)
