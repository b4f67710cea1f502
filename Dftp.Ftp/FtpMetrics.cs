using System.Diagnostics.Metrics;

namespace Dftp.Ftp;

/// <summary>The instruments of the meter <c>dftp.ftp</c>.</summary>
internal sealed class FtpMetrics
{
    private readonly Counter<long> _sessions;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _commands;
    private readonly Counter<long> _transfers;

    /// <param name="meter">Owns the instruments.</param>
    /// <param name="openSessions">Sessions that are open now.</param>
    public FtpMetrics(Meter meter, Func<int> openSessions)
    {
        meter.CreateObservableUpDownCounter("dftp.ftp.sessions", openSessions, "{session}", "FTP sessions that are open.");
        _sessions = meter.CreateCounter<long>("dftp.ftp.sessions.started", "{session}", "FTP sessions that were admitted.");
        _refused = meter.CreateCounter<long>("dftp.ftp.sessions.refused", "{session}", "FTP sessions beyond the limits.");
        _commands = meter.CreateCounter<long>("dftp.ftp.commands", "{command}", "FTP commands by verb.");
        _transfers = meter.CreateCounter<long>("dftp.ftp.transfers", "{transfer}", "FTP data transfers that have ended, by verb and outcome.");
        Sent = meter.CreateCounter<long>("dftp.ftp.sent", "By", "Bytes sent on FTP data connections, before encryption.");
        // A counter appears in the metrics only after its first addition.
        foreach (var counter in new[] { _sessions, _refused, Sent }) counter.Add(0);
    }

    /// <summary>Bytes sent on data connections.</summary>
    public Counter<long> Sent { get; }

    public void SessionStarted() => _sessions.Add(1);

    public void SessionRefused() => _refused.Add(1);

    /// <param name="verb">A verb of the command table; null for any other.</param>
    public void CommandReceived(string? verb) => _commands.Add(1, new KeyValuePair<string, object?>("verb", verb ?? "other"));

    public void TransferEnded(string verb, bool isComplete) =>
        _transfers.Add(1, new("verb", verb), new KeyValuePair<string, object?>("outcome", isComplete ? "complete" : "failed"));
}
