using System.Diagnostics.Metrics;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>What all sessions of a front end share.</summary>
internal sealed record FtpContext(IFileTree Tree, FtpOptions Options, TimeProvider Time, ILogger Log)
{
    /// <summary>What is counted of them.</summary>
    public FtpMetrics Metrics { get; init; } = new(new Meter("dftp.ftp"), () => 0);
}
