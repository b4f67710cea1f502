using System.Net;

namespace Dftp.Cluster.Discovery;

/// <summary>A datagram as it came: where from, and how many bytes of the receiver's buffer it fills.</summary>
internal readonly record struct Datagram(int Length, IPAddress Source);

/// <summary>How a sending went.</summary>
/// <param name="Ways">How many ways took it.</param>
/// <param name="HasNewWay">Whether one of them was not there at the sending before.</param>
internal readonly record struct Sending(int Ways, bool HasNewWay);

/// <summary>Sends to and receives from a group of machines; knows nothing of what the bytes mean.</summary>
internal abstract class DatagramChannel : IDisposable
{
    /// <summary>This machine's addresses at the last <see cref="Send"/>.</summary>
    public abstract IReadOnlyCollection<IPAddress> LocalAddresses { get; }

    /// <summary>Sends to all the group, by every way there is now. A way that fails does not stop the others, and does not throw.</summary>
    public abstract Sending Send(ReadOnlySpan<byte> datagram);

    /// <summary>
    /// Waits for the next datagram to the group; one's own come back too. One that is longer than the buffer is told with the
    /// buffer's length.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">Receiving failed; trying again later can succeed.</exception>
    public abstract ValueTask<Datagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    public abstract void Dispose();
}
