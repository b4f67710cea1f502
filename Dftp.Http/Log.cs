using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Path}: answer aborted: {Reason}")]
    public static partial void BodyBrokenOff(ILogger logger, VirtualPath path, string reason);

    [LoggerMessage(2, LogLevel.Error, "a request to {Route} failed with an unexpected exception")]
    public static partial void Defect(ILogger logger, Exception failure, string route);

    [LoggerMessage(3, LogLevel.Warning, "more than {Max} HTTP connections at once: further ones are refused")]
    public static partial void TooManyConnections(ILogger logger, int max);

    [LoggerMessage(4, LogLevel.Warning, "HTTP connections cannot be accepted at the moment: {Reason}")]
    public static partial void ConnectionNotAccepted(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Error, "the fast path failed with an unexpected exception; the server answers the request")]
    public static partial void FastPathDefect(ILogger logger, Exception failure);
}
