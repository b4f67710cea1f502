using System.Diagnostics.Metrics;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>The dependencies that all sessions share.</summary>
internal sealed record FtpContext(IFileTree Tree, FtpOptions Options, TimeProvider Time, ILogger Log)
{
    public FtpMetrics Metrics { get; init; } = new(new Meter("dftp.ftp"), () => 0);
}
