"""What botocore and an S3 server say, in our words: what to do, and whether to try again.

The one place that maps them. Texts name the operation, the error's code and the store, never the
server's message: some servers repeat the key id in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from redis_dr.tasks.model.errors import Damaged, StoreError, StoreForbids, TransientStoreError

_CLOCK = "set this machine's clock (S3 refuses requests that are 15 minutes off)"
_LATER = "try again later; if it stays, look at the server's log"
_REACH = "check that the server runs and that store.endpoint_url names it; then try again"
_PASSING = {_LATER, _REACH}  # with these remedies the error is transient
_KEYS = "check the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or the profile)"
_LOGIN = "renew the credentials: the token or the login has expired"
_GRANT = (
    "grant s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket, s3:AbortMultipartUpload "
    "and s3:ListBucketMultipartUploads; `redis-dr doctor` shows which is missing"
)
_ONE_BY_ONE = (
    "the server refuses storage_class, server_side_encryption, a lock or checksums of [store]; "
    "unset them one by one"
)
_SETUP = "correct [store] in the configuration, or the AWS settings in the environment"
_BUG = "this is a fault in redis-dr or in the installed botocore; report it with --debug"

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
CODES: Final[dict[str, str]] = {
    "AccessDenied": _GRANT,
    "403": _GRANT,
    "Forbidden": _GRANT,
    "AllAccessDisabled": _GRANT,
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "InvalidToken": _LOGIN,
    "ExpiredToken": _LOGIN,
    "TokenRefreshRequired": _LOGIN,
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "NoSuchBucket": "create the bucket, or correct store.url",
    "InvalidBucketName": "correct the bucket in store.url",
    "PermanentRedirect": "set store.region (or endpoint_url) to where the bucket lies",
    "AuthorizationHeaderMalformed": "set store.region to the bucket's region",
    "IllegalLocationConstraintException": "set store.region to the bucket's region",
    "301": "set store.region (or endpoint_url) to where the bucket lies",
    "MissingContentLength": 'set store.checksums = "when_required" (facts of this server)',
    "InvalidStorageClass": "correct store.storage_class; this server does not know it",
    "InvalidObjectState": "the object is archived; restore it in the bucket first",
    "EntityTooLarge": "the server's limit for one object is lower; raise it there",
    "EntityTooSmall": "raise store.part_size above the server's minimum",
    "InsufficientStorage": "make room on the server, or let `redis-dr prune --apply` do it",
    "507": "make room on the server, or let `redis-dr prune --apply` do it",
    "QuotaExceeded": "raise the quota, or let `redis-dr prune --apply` make room",
    "NotImplemented": "this server lacks the feature; `redis-dr doctor` shows what it has",
    "501": "this server lacks the feature; `redis-dr doctor` shows what it has",
    "MethodNotAllowed": "this server lacks the feature; `redis-dr doctor` shows what it has",
    "InvalidRequest": _ONE_BY_ONE,
    "InvalidArgument": _ONE_BY_ONE,
    "ObjectLockConfigurationNotFoundError": "enable Object Lock on the bucket, or unset it here",
    "InvalidEncryptionAlgorithmError": "correct store.server_side_encryption",
    "KMS.NotFoundException": "correct store.kms_key_id",
    "KMS.DisabledException": "enable the KMS key, or name another in store.kms_key_id",
    "AccountProblem": "the provider has closed the account to requests; ask there",
    "SlowDown": _LATER,
    "ServiceUnavailable": _LATER,
    "InternalError": _LATER,
    "RequestTimeout": _LATER,
    "Throttling": _LATER,
    "ThrottlingException": _LATER,
    "TooManyRequests": _LATER,
    "TooManyRequestsException": _LATER,
    "BandwidthLimitExceeded": _LATER,
    "OperationAborted": _LATER,
    "ConditionalRequestConflict": _LATER,
    "BadDigest": _LATER,  # the body changed on the way: sent again it may be whole
    "InvalidDigest": _LATER,
    "XAmzContentSHA256Mismatch": _LATER,
    "IncompleteBody": _LATER,
    "InvalidPart": _LATER,  # the whole upload must be sent again (facts/s3.md 2)
    "InvalidPartOrder": _LATER,
    "NoSuchUpload": _LATER,
}

# by class name, resolved along the base classes, so that another botocore release still maps
EXCEPTIONS: Final[dict[str, str]] = {
    "SSLError": "check store.ca_bundle and that endpoint_url names the host of the certificate",
    "ProxyConnectionError": "check HTTPS_PROXY and NO_PROXY",
    "ConnectionError": _REACH,
    "HTTPClientError": _REACH,
    "IncompleteReadError": _LATER,
    "FlexibleChecksumError": _LATER,
    "ChecksumError": _LATER,
    "ResponseParserError": _LATER,  # an answer that is not XML: damaged, or a proxy's own page
    "AwsChunkedWrapperError": _LATER,
    "CapacityNotAvailableError": _LATER,
    "MetadataRetrievalError": _LATER,
    "CredentialRetrievalError": _KEYS,
    "NoCredentialsError": _KEYS,
    "PartialCredentialsError": _KEYS,
    "UnknownCredentialError": _KEYS,
    "NoAuthTokenError": _KEYS,
    "ProfileNotFound": "correct AWS_PROFILE, or add the profile",
    "LoginError": _LOGIN,
    "SSOError": _LOGIN,
    "TokenRetrievalError": _LOGIN,
    "RefreshWithMFAUnsupportedError": _LOGIN,
    "UnknownTokenProviderError": _LOGIN,
    "ConfigNotFound": _SETUP,
    "ConfigParseError": _SETUP,
    "InvalidConfigError": _SETUP,
    "InvalidChecksumConfigError": _SETUP,
    "InvalidDefaultsMode": _SETUP,
    "InvalidDNSNameError": _SETUP,
    "InvalidEndpointConfigurationError": _SETUP,
    "InvalidEndpointDiscoveryConfigurationError": _SETUP,
    "InvalidHostLabelError": _SETUP,
    "InvalidIMDSEndpointError": _SETUP,
    "InvalidIMDSEndpointModeError": _SETUP,
    "InvalidProxiesConfigError": _SETUP,
    "InvalidRetryConfigurationError": _SETUP,
    "InvalidS3AddressingStyleError": _SETUP,
    "InvalidS3UsEast1RegionalEndpointConfigError": _SETUP,
    "InvalidSTSRegionalEndpointsConfigError": _SETUP,
    "BaseEndpointResolverError": _SETUP,
    "EndpointProviderError": _SETUP,
    "ServiceNotInRegionError": _SETUP,
    "UnknownRegionError": _SETUP,
    "UnknownSignatureVersionError": _SETUP,
    "UnsupportedSignatureVersionError": _SETUP,
    "UnsupportedOutpostResourceError": _SETUP,
    "UnsupportedS3AccesspointConfigurationError": _SETUP,
    "UnsupportedS3ArnError": _SETUP,
    "UnsupportedS3ConfigurationError": _SETUP,
    "UnsupportedS3ControlArnError": _SETUP,
    "UnsupportedS3ControlConfigurationError": _SETUP,
    "ParamValidationError": _SETUP,
    "ValidationError": _SETUP,
    "MissingDependencyException": "install what the message of --debug names",
    "MD5UnavailableError": "this Python forbids MD5 (FIPS); S3 uploads need it",
    "ApiVersionNotFoundError": _BUG,
    "DataNotFoundError": _BUG,
    "InvalidExpressionError": _BUG,
    "MissingParametersError": _BUG,
    "OperationNotPageableError": _BUG,
    "PaginationError": _BUG,
    "StubResponseError": _BUG,
    "UndefinedModelAttributeError": _BUG,
    "UnknownClientMethodError": _BUG,
    "UnknownServiceStyle": _BUG,
    "UnseekableStreamError": _BUG,
    "UnsupportedServiceProtocolsError": _BUG,
    "WaiterConfigError": _BUG,
    "WaiterError": _BUG,
}

THEIRS: Final = (BotoCoreError, ClientError, ResponseParserError)
_PASSING_STATUSES = {408, 429, 500, 502, 503, 504}


def code_of(error: ClientError) -> str:
    """The server's code, such as NoSuchKey; for HEAD only the HTTP status, such as 404."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def status_of(error: ClientError) -> int:
    """The HTTP status, 0 when the answer had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing(error: ClientError) -> bool:
    """Whether the object (not the bucket) is not there."""
    return code_of(error) in {"NoSuchKey", "404", "NotFound", "NoSuchVersion"}


def missing(key: str, place: str) -> Damaged:
    """The object is not there."""
    return Damaged(
        f"{key} is missing from the store {place}",
        "restore another backup; `redis-dr verify --all` names the sound ones",
    )


def store_error(error: Exception, place: str) -> StoreError:
    """Our error for theirs."""
    if isinstance(error, ClientError):
        return _server_error(error, place)
    for base in type(error).__mro__:
        if base.__name__ in EXCEPTIONS:
            return _made(f"{place} failed: {type(error).__name__}", EXCEPTIONS[base.__name__])
    return _made(f"{place} failed: {type(error).__name__}", _BUG)


@contextmanager
def s3_errors(place: str) -> Iterator[None]:
    """Everything that botocore raises inside becomes a StoreError."""
    try:
        yield
    except THEIRS as error:
        raise store_error(error, place) from error


def _server_error(error: ClientError, place: str) -> StoreError:
    code, status = code_of(error), status_of(error)
    problem = f"{place} answered {error.operation_name} with {code} (HTTP {status})"
    if code in CODES:
        return _made(problem, CODES[code])
    if status in _PASSING_STATUSES:
        return _made(problem, _LATER)
    if status == 403:
        return _made(problem, _GRANT)
    return _made(problem, "look the code up in the server's manual, then correct [store]")


def _made(problem: str, remedy: str) -> StoreError:
    kind = TransientStoreError if remedy in _PASSING else StoreError
    if remedy == _GRANT:
        kind = StoreForbids
    return kind(f"the store {problem}", remedy)
