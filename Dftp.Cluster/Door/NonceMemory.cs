namespace Dftp.Cluster.Door;

/// <summary>Why a nonce cannot be accepted.</summary>
internal enum NonceOutcome
{
    Fresh,
    Replayed,

    /// <summary>Accepting it would need more memory than the limit. Only who holds the key can bring this about.</summary>
    Full,
}

/// <summary>
/// The nonces that were accepted with one key. A nonce is a sequence and a number: the requests of a sequence come in order, because they
/// are signed for one connection, so that one number stands for all the earlier ones. A sequence is forgotten once no signature of it can
/// be valid. Thread-safe.
/// </summary>
/// <param name="capacity">The maximum number of sequences in <see cref="Lifetime"/>; some 100 bytes each.</param>
internal sealed class NonceMemory(int capacity = 65_536)
{
    /// <summary>A signature is valid from its time minus the tolerance to its time plus the tolerance.</summary>
    public static readonly TimeSpan Lifetime = 2 * SignatureProfile.Tolerance;

    private readonly Lock _lock = new();

    // Guarded by the lock: the highest number of each sequence that was used in this lifetime and in the one before.
    private Dictionary<ulong, ulong> _current = [];
    private Dictionary<ulong, ulong> _previous = [];
    private long? _since;

    /// <summary>Accepts a nonce once. Call this only after the signature was verified.</summary>
    /// <param name="nonce">The nonce.</param>
    /// <param name="time">The clock; steps of its wall time do not matter.</param>
    public NonceOutcome Accept(Nonce nonce, TimeProvider time)
    {
        lock (_lock)
        {
            var age = _since is { } since ? time.GetElapsedTime(since) : TimeSpan.MaxValue;
            if (age >= Lifetime)
            {
                _previous = age >= 2 * Lifetime ? [] : _current;
                _current = [];
                _since = time.GetTimestamp();
            }

            if (_current.TryGetValue(nonce.Sequence, out var highest) || _previous.TryGetValue(nonce.Sequence, out highest))
            {
                if (nonce.Number <= highest) return NonceOutcome.Replayed;
            }

            if (_current.Count >= capacity && !_current.ContainsKey(nonce.Sequence)) return NonceOutcome.Full;
            _current[nonce.Sequence] = nonce.Number;
            return NonceOutcome.Fresh;
        }
    }
}
