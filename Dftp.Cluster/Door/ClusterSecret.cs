using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Door;

/// <summary>The secret cannot be used. The message names the file and the reason, and no byte of a key.</summary>
public sealed class SecretFileException(string message) : Exception(message);

/// <summary>
/// The secret that the nodes of a cluster share: the keys of <c>--cluster-secret-file</c>. The file is read again every second, so that
/// keys are rotated without a restart. A file that can no longer be used leaves the keys in force.
/// </summary>
public sealed partial class ClusterSecret : IDisposable
{
    /// <summary>Half of the 2 s in which a change has to take effect.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private ILogger? _log;
    private volatile KeyRing _keys;

    /// <summary>The problem that was logged last. Guarded by <see cref="_lock"/>.</summary>
    private string _told = "";

    private ClusterSecret(string path, KeyRing keys)
    {
        _path = path;
        _keys = keys;
    }

    /// <summary>The keys now.</summary>
    internal KeyRing Keys => _keys;

    /// <summary>Reads the file.</summary>
    /// <exception cref="SecretFileException">The file cannot be used.</exception>
    public static ClusterSecret Open(string path) =>
        SecretFile.Read(path, before: null, out var problem) is { } keys ? new ClusterSecret(path, keys)
            : throw new SecretFileException($"{path}: {problem}");

    /// <summary>Makes a key that nobody can guess, as a line for the file.</summary>
    public static string NewKey() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretKey.MinBytes));

    /// <summary>Starts to follow changes of the file, until <see cref="Dispose"/>.</summary>
    public void Follow(TimeProvider time, ILogger log)
    {
        _log = log;
        LogKeys(log, _keys.Signing.Id, _keys.Keys.Count);
        _timer = time.CreateTimer(static self => ((ClusterSecret)self!).ReadAgain(), this, Interval, Interval);
    }

    public void Dispose() => _timer?.Dispose();

    private void ReadAgain()
    {
        // A slow disk: the reading that runs is enough.
        if (!_lock.TryEnter()) return;
        try
        {
            var before = _keys;
            if (SecretFile.Read(_path, before, out var problem) is not { } now)
            {
                if (problem != _told) LogUnusable(_log!, _path, problem);
            }
            else if (!now.Keys.SequenceEqual(before.Keys))
            {
                _keys = now;
                LogKeys(_log!, now.Signing.Id, now.Keys.Count);
            }

            _told = problem;
        }
        finally
        {
            _lock.Exit();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "cluster secret: key {Key} signs; {Count} key(s) verify")]
    private static partial void LogKeys(ILogger log, string key, int count);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "the cluster secret {File} cannot be used; the keys until now stay in force: {Problem}")]
    private static partial void LogUnusable(ILogger log, string file, string problem);
}
