namespace Dftp.Ftp.Data;

/// <summary>Where the next data connection will come from (PASV, EPSV) or go to (PORT, EPRT). It serves one transfer.</summary>
internal abstract class DataEndpoint : IDisposable
{
    /// <summary>Opens the data connection.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The client cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    public abstract Task<DataConnection> ConnectAsync(CancellationToken cancellationToken);

    public abstract void Dispose();
}
