using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>What all sessions of a front end share.</summary>
internal sealed record FtpContext(IFileTree Tree, FtpOptions Options, TimeProvider Time, ILogger Log)
{
    public ContentHashes Hashes { get; } = new();
}
