using System.Net;
using System.Threading.Channels;
using Dftp.Cluster.Discovery;

namespace Dftp.Tests.Cluster.Discovery;

/// <summary>The multicast group of one test: it receives the datagrams of the test and records what is sent.</summary>
internal sealed class ScriptedChannel : DatagramChannel
{
    private readonly Channel<Func<(byte[] Bytes, IPAddress Source)>> _incoming = Channel.CreateUnbounded<Func<(byte[], IPAddress)>>();
    private readonly Channel<byte[]> _sent = Channel.CreateUnbounded<byte[]>();

    public override IReadOnlyCollection<IPAddress> LocalAddresses { get; } = [IPAddress.Loopback, IPAddress.Parse("10.0.0.1")];

    /// <summary>How many interfaces take what is sent.</summary>
    public int Ways { get; set; } = 1;

    /// <summary>Whether the next sending finds a new interface.</summary>
    public bool HasNewWay { get; set; }

    public bool IsDisposed { get; private set; }

    public void Hear(string text, string source) => Hear(System.Text.Encoding.UTF8.GetBytes(text), source);

    public void Hear(byte[] bytes, string source) => _incoming.Writer.TryWrite(() => (bytes, IPAddress.Parse(source)));

    public void Fail(Exception exception) => _incoming.Writer.TryWrite(() => throw exception);

    public ValueTask<byte[]> NextSentAsync(CancellationToken cancellationToken) => _sent.Reader.ReadAsync(cancellationToken);

    public override Sending Send(ReadOnlySpan<byte> datagram)
    {
        // Decided before the test learns of the sending and changes its mind.
        var sending = new Sending(Ways, HasNewWay);
        _sent.Writer.TryWrite(datagram.ToArray());
        return sending;
    }

    public override async ValueTask<Datagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var (bytes, source) = (await _incoming.Reader.ReadAsync(cancellationToken))();
        var length = Math.Min(bytes.Length, buffer.Length);
        bytes.AsMemory(0, length).CopyTo(buffer);
        return new Datagram(length, source);
    }

    public override void Dispose() => IsDisposed = true;
}
