using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "the answer for {Path} was broken off: {Reason}")]
    public static partial void BodyBrokenOff(ILogger logger, VirtualPath path, string reason);
}
