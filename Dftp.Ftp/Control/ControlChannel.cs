using System.IO.Pipelines;
using System.Net.Security;

namespace Dftp.Ftp.Control;

/// <summary>The control connection: lines in, replies out, without TLS at first.</summary>
internal sealed class ControlChannel : IDisposable
{
    private readonly IDuplexPipe _transport;
    private SslStream? _tls;

    public ControlChannel(IDuplexPipe transport)
    {
        _transport = transport;
        Reader = new ControlReader(transport.Input);
        Writer = new ReplyWriter(transport.Output);
    }

    public ControlReader Reader { get; }

    public ReplyWriter Writer { get; }

    public bool IsSecure => _tls is not null;

    /// <summary>
    /// Performs the server's part of a TLS handshake, after which <see cref="Reader"/> and <see cref="Writer"/> use TLS. Do not read or
    /// write meanwhile.
    /// </summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    /// <exception cref="IOException">The client has disconnected.</exception>
    /// <exception cref="OperationCanceledException">The token fired, or <see cref="Interrupt"/> was called.</exception>
    public async Task SecureAsync(SslServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var tls = new SslStream(new PipeStream(_transport), leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }

        _tls = tls;
        // Zero-byte reads: an idle session holds no read buffer.
        Reader.SwitchTo(PipeReader.Create(tls, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true)));
        Writer.SwitchTo(PipeWriter.Create(tls, new StreamPipeWriterOptions(leaveOpen: true)));
    }

    /// <summary>Cancels pending reads and flushes. Written data is not lost.</summary>
    public void Interrupt()
    {
        Reader.Interrupt();
        // Below TLS, because a truncated TLS record would break the connection.
        _transport.Output.CancelPendingFlush();
    }

    /// <summary>Sends close_notify, by which the client can tell an intended end from a truncated one.</summary>
    public async Task CloseAsync(TimeSpan limit, TimeProvider time)
    {
        if (_tls is null) return;
        using var tooLong = new CancellationTokenSource(limit, time);
        await using var registration = tooLong.Token.UnsafeRegister(
            static output => ((PipeWriter)output!).CancelPendingFlush(), _transport.Output);
        try
        {
            await _tls.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client has disconnected, or has sent close_notify, too.
        }
    }

    public void Dispose()
    {
        Writer.Dispose();
        _tls?.Dispose();
    }
}
