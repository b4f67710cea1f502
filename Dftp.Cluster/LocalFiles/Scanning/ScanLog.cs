using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Scanning;

internal static partial class ScanLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is left out of the tree: {Failure}")]
    public static partial void LeftOut(this ILogger logger, string path, string failure);
}
