using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "the answer for {Path} was broken off: {Reason}")]
    public static partial void BodyBrokenOff(ILogger logger, VirtualPath path, string reason);

    [LoggerMessage(2, LogLevel.Error, "a request to {Route} failed by a defect")]
    public static partial void Defect(ILogger logger, Exception failure, string route);

    [LoggerMessage(3, LogLevel.Warning, "more than {Max} HTTP connections at once: further ones are turned away")]
    public static partial void TooManyConnections(ILogger logger, int max);

    [LoggerMessage(4, LogLevel.Warning, "HTTP connections have to wait: {Reason}")]
    public static partial void ConnectionNotAccepted(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Error, "the fast path failed by a defect; the server answers the request")]
    public static partial void FastPathDefect(ILogger logger, Exception failure);
}
