using System.Net;

namespace Dftp.Cluster.Discovery;

/// <summary>A received datagram: its source, and its length in the receiver's buffer.</summary>
internal readonly record struct Datagram(int Length, IPAddress Source);

/// <summary>The outcome of a send.</summary>
/// <param name="Ways">The number of interfaces that sent it.</param>
/// <param name="HasNewWay">Whether one of them was not available at the previous send.</param>
internal readonly record struct Sending(int Ways, bool HasNewWay);

/// <summary>Sends datagrams to a group and receives from it. Does not interpret them.</summary>
internal abstract class DatagramChannel : IDisposable
{
    /// <summary>This machine's addresses at the last <see cref="Send"/>.</summary>
    public abstract IReadOnlyCollection<IPAddress> LocalAddresses { get; }

    /// <summary>Sends to the group on every available interface. The failure of one does not stop the others, and does not throw.</summary>
    public abstract Sending Send(ReadOnlySpan<byte> datagram);

    /// <summary>
    /// Waits for the next datagram to the group; this node's own are received too. A datagram longer than the buffer is returned with the
    /// buffer's length.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">Receiving failed; a retry can succeed.</exception>
    public abstract ValueTask<Datagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    public abstract void Dispose();
}
