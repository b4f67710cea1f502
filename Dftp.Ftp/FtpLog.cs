using System.Net;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

internal static partial class FtpLog
{
    [LoggerMessage(LogLevel.Debug, "FTP session started: {Client}")]
    public static partial void Started(ILogger log, IPEndPoint client);

    [LoggerMessage(LogLevel.Debug, "FTP session ended: {Client}")]
    public static partial void Ended(ILogger log, IPEndPoint client);

    [LoggerMessage(LogLevel.Warning, "FTP session of {Client} refused: session limit reached")]
    public static partial void Refused(ILogger log, IPEndPoint client);

    [LoggerMessage(LogLevel.Information, "FTP session of {Client} closed: {Reason}")]
    public static partial void Closed(ILogger log, IPEndPoint client, string reason);

    [LoggerMessage(LogLevel.Information, "TLS handshake of {Client} failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger log, IPEndPoint client, string reason);

    [LoggerMessage(LogLevel.Warning, "FTP public address {Host} cannot be resolved: {Reason}")]
    public static partial void NoPublicAddress(ILogger log, string host, string reason);

    [LoggerMessage(LogLevel.Information, "FTP login of {Client} as {User} refused")]
    public static partial void LoginRefused(ILogger log, IPEndPoint client, string user);

    [LoggerMessage(LogLevel.Information, "{Verb} {Path} for {Client} stopped after {Bytes} bytes: {Reason}")]
    public static partial void TransferStopped(ILogger log, string verb, VirtualPath path, IPEndPoint client, long bytes, string reason);

    [LoggerMessage(LogLevel.Warning, "{Verb} {Path} for {Client} failed after {Bytes} bytes: {Reason}")]
    public static partial void TransferFailed(ILogger log, string verb, VirtualPath path, IPEndPoint client, long bytes, string reason);

    [LoggerMessage(LogLevel.Warning, "no passive port for {Client}: {Reason}")]
    public static partial void NoPassivePort(ILogger log, IPEndPoint client, string reason);

    [LoggerMessage(LogLevel.Error, "{Verb} of {Client} failed: unexpected exception")]
    public static partial void Defect(ILogger log, Exception exception, string verb, IPEndPoint client);
}
