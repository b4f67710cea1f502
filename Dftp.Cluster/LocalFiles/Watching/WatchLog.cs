using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Watching;

internal static partial class WatchLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "local scan finished, {Files} file(s) found")]
    public static partial void Scanned(this ILogger log, long files);

    [LoggerMessage(Level = LogLevel.Warning, Message = "left out: {Skipped}")]
    public static partial void Skipped(this ILogger log, string skipped);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Path} cannot be read: {Reason}. Its entries stay as they were and are marked as unconfirmed")]
    public static partial void Unreadable(this ILogger log, VirtualPath path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} more place(s) cannot be read; status names them")]
    public static partial void MoreUnreadable(this ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is confirmed again: it can be read, or is gone")]
    public static partial void ReadAgain(this ILogger log, VirtualPath path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} more place(s) are confirmed again")]
    public static partial void MoreReadAgain(this ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "local scan failed: {Error}; the entries stay as they were; retrying every {Seconds} s")]
    public static partial void RootLost(this ILogger log, string error, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the root directory can be read again")]
    public static partial void RootBack(this ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "another directory is at the root's path: it is the root now")]
    public static partial void RootReplaced(this ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "following changes with {Watches} watch(es)")]
    public static partial void Following(this ILogger log, long watches);

    [LoggerMessage(Level = LogLevel.Warning, Message = "polling {Count} directory(s) every {Seconds} s, for example {Example}: {Reason}")]
    public static partial void Polled(this ILogger log, int count, string example, double seconds, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "polled directories are watched again; they were polled because of: {Reason}")]
    public static partial void PolledNoMore(this ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "event queue overflow ({Overflows} so far): full rescan")]
    public static partial void Overflowed(this ILogger log, long overflows);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Entries} entry(s) changed in {Directories} directory(s)")]
    public static partial void Changed(this ILogger log, long entries, int directories);

    [LoggerMessage(Level = LogLevel.Debug, Message = "full rescan finished in {Seconds:F1} s")]
    public static partial void Rescanned(this ILogger log, double seconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "watching the local root failed: {Error}; full rescan")]
    public static partial void Failed(this ILogger log, Exception exception, string error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "watching the local root stopped")]
    public static partial void Ended(this ILogger log);
}
