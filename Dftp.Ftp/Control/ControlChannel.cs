using System.IO.Pipelines;
using System.Net.Security;

namespace Dftp.Ftp.Control;

/// <summary>The control connection: lines in, replies out, in the clear or, from some point on, by TLS.</summary>
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
    /// Takes the server's part of a TLS handshake; afterwards <see cref="Reader"/> and <see cref="Writer"/> go by TLS. Nobody reads or
    /// writes meanwhile.
    /// </summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The client's TLS is none, or none that will do.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
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
        // An idle session's read waits without a buffer.
        Reader.SwitchTo(PipeReader.Create(tls, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true)));
        Writer.SwitchTo(PipeWriter.Create(tls, new StreamPipeWriterOptions(leaveOpen: true)));
    }

    /// <summary>Ends what is waited for; what was written stays written.</summary>
    public void Interrupt()
    {
        Reader.Interrupt();
        // Below TLS, because a TLS record that is cut short ends the connection.
        _transport.Output.CancelPendingFlush();
    }

    /// <summary>Says by close_notify that the session's end is meant, so that the client can tell it from a cut.</summary>
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
            // The client has gone, or has said goodbye in the same way.
        }
    }

    public void Dispose()
    {
        Writer.Dispose();
        _tls?.Dispose();
    }
}
