BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	who VARCHAR(64) NOT NULL, 
	source VARCHAR(64) NOT NULL, 
	action VARCHAR(64) NOT NULL, 
	target VARCHAR(512) NOT NULL, 
	result VARCHAR(64) NOT NULL, 
	details JSON NOT NULL
);
INSERT INTO "audit" VALUES(1,'2026-01-02 03:04:05.678901','ann','192.0.2.7','session.create','s1','ok','{"agent": "claude-code"}');
INSERT INTO "audit" VALUES(2,'2026-01-02 03:04:05.678901','bob.b','console','people.remove','ann','forbidden','{}');
CREATE TABLE health_samples (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	cpu_percent FLOAT NOT NULL, 
	ram_used_bytes BIGINT NOT NULL, 
	ram_total_bytes BIGINT NOT NULL, 
	disk_used_bytes BIGINT NOT NULL, 
	disk_total_bytes BIGINT NOT NULL, 
	uptime_seconds BIGINT NOT NULL, 
	temperature_celsius FLOAT, 
	throttled BOOLEAN
);
INSERT INTO "health_samples" VALUES(1,'2026-01-02 03:04:05.678901',12.5,4294967296,8589934592,1099511627776,2199023255552,60,48.3,0);
CREATE TABLE people (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(32) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	password_hash VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_login_at DATETIME, 
	CONSTRAINT uq_people_name UNIQUE (name)
);
INSERT INTO "people" VALUES(1,'ann','admin','$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA','2026-01-02 03:04:05.678901','2026-01-03 03:04:05.678901');
INSERT INTO "people" VALUES(2,'bob.b','viewer','$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaB','2026-01-02 03:04:05.678901',NULL);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	agent VARCHAR(64), 
	workdir TEXT NOT NULL, 
	returns BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	exit_code INTEGER, 
	cols INTEGER NOT NULL, 
	rows INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	boot_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id)
);
INSERT INTO "sessions" VALUES('s1','fix the roof','claude-code','/home/agent/work/dächer',1,'2026-01-02 03:04:05.678901',NULL,NULL,120,40,2,'b1');
INSERT INTO "sessions" VALUES('s2','shell',NULL,'/home/agent/work',0,'2026-01-02 03:04:05.678901','2026-01-02 04:04:05.678901',-9,80,24,0,'b1');
CREATE TABLE settings (
	name VARCHAR(64) NOT NULL, 
	value JSON NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY (name)
);
INSERT INTO "settings" VALUES('schema.needs','"0001"');
INSERT INTO "settings" VALUES('audit.keep_seconds',31536000);
INSERT INTO "settings" VALUES('device.note','{"text": "on the shelf", "tags": [1, null]}');
CREATE TABLE tokens (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	person_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	label VARCHAR(64) NOT NULL, 
	secret_sha256 VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_used_at DATETIME, 
	expires_at DATETIME, 
	CONSTRAINT fk_tokens_person_id_people FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE, 
	CONSTRAINT uq_tokens_secret_sha256 UNIQUE (secret_sha256)
);
INSERT INTO "tokens" VALUES(1,1,'login','phone','0000000000000000000000000000000000000000000000000000000000000000','2026-01-02 03:04:05.678901','2026-01-02 03:04:05.678901','2026-04-02 03:04:05.678901');
INSERT INTO "tokens" VALUES(2,2,'api','backup','1111111111111111111111111111111111111111111111111111111111111111','2026-01-02 03:04:05.678901',NULL,NULL);
CREATE INDEX ix_tokens_person_id ON tokens (person_id);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_health_samples_at ON health_samples (at);
CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON audit
        WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
        WHEN NOT coalesce(
            julianday('now') - julianday(OLD.at)
            >= (SELECT CAST(value AS REAL) FROM settings WHERE name = 'audit.keep_seconds') / 86400.0,
            0)
        BEGIN SELECT RAISE(ABORT, 'the audit log keeps entries until their retention is over'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('people',2);
INSERT INTO "sqlite_sequence" VALUES('tokens',2);
INSERT INTO "sqlite_sequence" VALUES('audit',2);
INSERT INTO "sqlite_sequence" VALUES('health_samples',1);
COMMIT;
