using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>Bytes from a socket that the kernel can move into a pipe, for a <see cref="SocketSender"/>.</summary>
public interface ISpliceSource
{
    /// <summary>Whether <see cref="FillAsync"/> works for the next bytes. It changes as the source is read.</summary>
    bool CanFill { get; }

    /// <summary>Moves the next bytes into a pipe.</summary>
    /// <param name="pipe">The write end, non-blocking, of an empty pipe.</param>
    /// <param name="most">Bytes, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of bytes; 0: see <see cref="CanFill"/> again.</returns>
    /// <exception cref="IOException">The rest cannot be had.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken);
}
